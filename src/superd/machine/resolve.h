/* Resolves the names of a table: users and groups (into struct account), owners of sockets, ports of services(5), host
 * names of endpoints, networks of address rules. It uses NSS, which may block, so it runs while a table is loaded and
 * never in the loop. Works without passwd entries for numeric ids, and without a passwd file. */
#pragma once

#include <stdbool.h>

#include "lib/diag.h"
#include "table/services/table.h"

/* Fills in account, address, owner, access, filter, sandbox and control group settings of every service that is not
 * disabled. Adds an error with the option's origin for each unknown name ("ftp: user = nobdy: there is no such user
 * here", hint "did you mean nobody"), then for endpoints that turn out to be equal (tcp:http and 80). Names in
 * table->lookups are taken from there, and answers are added to it. before: the table whose place this one takes, for
 * its filters of system calls; NULL: none. */
void resolve_table(struct table *table, const struct table *before, struct diags *diags);

/* Whether a service of the table has an address of this resolved row, which is not in it. Adds that as an error. */
bool resolve_finds_claimed(const struct service *service, const struct table *table, struct diags *diags);
