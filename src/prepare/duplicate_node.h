/* Sockets of a table that claim one node of the file system by paths of two spellings, as /run/x and /var/run/x. */
#pragma once

#include "base/diag.h"
#include "config/table/table.h"

void duplicate_node_check(const struct table *table, struct diags *diags);
