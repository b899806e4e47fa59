/* Entries that superd --keep-going leaves out because of their errors. Each is a row of the table that is off, with a
 * reason: by the name of its service; by FILE:LINE if its name is unknown, or if another row has it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "table/services/table.h"

/* Marks a row, which is left out for this reason; left_out_list names it. may_return: as in struct left_out. false: out
 * of memory. */
bool left_out_add(struct table *table, struct service *row, bool may_return, const char *reason);

/* Names the rows that are left out, and adds a row for each entry that never was one, with all options at their
 * defaults. Several entries of one service get one row. false: out of memory. */
bool left_out_list(struct table *table);

size_t left_out_count(const struct table *table);       /* number of rows that are left out */

/* The entry of a row. NULL: the row is not left out. */
const struct left_out *left_out_of(const struct table *table, const struct service *row);

const char *left_out_reason(const struct left_out *entry);      /* FILE:LINE:COL: MESSAGE */

/* The first entry, from number `n` on, that is a row which may return. NULL: there are no more. */
const struct left_out *left_out_next(const struct table *table, size_t n);

/* Puts the rows of `found` in place of those of their names that may return, and owns `found`. What `found` itself
 * leaves out for a reason that no change of the machine ends waits for a reload. returned: called for each row that
 * comes in, before that; was_kept: its service goes on by a former one. */
void left_out_return(struct table *table, struct table *found,
		     void (*returned)(void *context, const struct service *row, bool was_kept), void *context);
