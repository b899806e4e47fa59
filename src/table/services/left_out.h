/* Entries that superd --keep-going leaves out because of their errors. Each is a row of the table that is off, with a
 * reason: by the name of its service; by FILE:LINE if its name is unknown, or if another row has it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "table/services/table.h"

/* Marks a row, which is left out for this reason; left_out_list names it. false: out of memory. */
bool left_out_add(struct table *table, struct service *row, const char *reason);

/* Names the rows that are left out, and adds a row for each entry that never was one, with all options at their
 * defaults. Several entries of one service get one row. false: out of memory. */
bool left_out_list(struct table *table);

size_t left_out_count(const struct table *table);       /* number of rows that are left out */

/* The entry of a row. NULL: the row is not left out. */
const struct left_out *left_out_of(const struct table *table, const struct service *row);

const char *left_out_reason(const struct left_out *entry);      /* FILE:LINE:COL: MESSAGE */
