/* Rules that concern more than one value: names and endpoints that two services claim, options that exclude or need
 * each other. They depend on the table alone; superd/machine/check.c checks the machine. */
#pragma once

#include "lib/diag.h"
#include "table/services/table.h"

/* Adds an error for each broken rule, and a warning for each probable mistake, such as an option that has no effect on
 * any socket of its service. */
void table_check(const struct table *table, struct diags *diags);
