/* Entries that superd --keep-going skips because of their errors. Each is a row of the table that is off, with a
 * reason: by the name of its service; by FILE:LINE if its name is unknown, or if another row has it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "table/services/table.h"

/* Marks a row, which is skipped for this reason; skipped_list names it. false: out of memory. */
bool skipped_add(struct table *table, struct service *row, const char *reason);

/* Names the rows that are skipped, and adds a row for each entry that never was one, with all options at their
 * defaults. Several entries of one service get one row. false: out of memory. */
bool skipped_list(struct table *table);

size_t skipped_count(const struct table *table);       /* number of rows that are skipped */

/* The entry of a row. NULL: the row is not skipped. */
const struct skipped *skipped_of(const struct table *table, const struct service *row);

const char *skipped_reason(const struct skipped *entry);      /* FILE:LINE:COL: MESSAGE */
