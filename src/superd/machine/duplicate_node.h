/* Finds sockets of a table that claim one node of the file system by different paths, such as /run/x and /var/run/x. */
#pragma once

#include "lib/diag.h"
#include "table/services/table.h"

/* Adds an error for each such socket. */
void duplicate_node_check(const struct table *table, struct diags *diags);
