/* Rules over a whole table that no single value can break: names and endpoints claimed twice, what excludes
 * what, what needs what. A table of rules, in the same manner as the directives. Touches no machine: see
 * prepare/preflight. */
#pragma once

#include "base/diag.h"
#include "config/table/table.h"

/* Adds an error for each rule broken (both places where two things collide) and warnings for what is only doubtful,
 * such as an option that none of a service's sockets has a use for. */
void table_check(const struct table *table, struct diags *diags);
