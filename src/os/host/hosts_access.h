/* hosts.allow and hosts.deny (hosts_access(5)). Without a rule in them superd need not ask
 * superd-lookup, which asks libwrap (lookup/libwrap.c). */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Whether they have any rule. A file that cannot be read counts as having one. */
bool hosts_access_has_rules(void);

/* A number that is another one after each change of a file. */
uint64_t hosts_access_version(void);
