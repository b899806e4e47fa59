/* Puts numbers beside the names of a table: users and groups (into struct account), owners of
 * sockets, ports of services(5), hosts of endpoints, networks of address rules. It asks NSS, which may block, so it runs
 * while a table is loaded and never in the loop. Works with no passwd entry for a numeric id and
 * no passwd file at all. */
#pragma once

#include <stdbool.h>

#include "base/diag.h"
#include "config/table/table.h"

/* Fills account, address, owner, access and filter of every service that is not disabled; adds an error with the
 * option's place for each name that is not known here ("ftp: user = nobdy: there is no such user
 * here", hint "did you mean nobody"), and afterwards for endpoints that have become equal by
 * resolving (tcp:http and 80). */
void resolve_table(struct table *table, struct diags *diags);
