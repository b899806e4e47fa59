/* Entries that --keep-going has left out of a table, under the names they are listed by. Such a name is that of the
 * service, or FILE:LINE of an entry whose name is not known or is another row's, too. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/table/table.h"

/* Once the table has no further row to lose: gives each of left_out, whose row, may_return and reason are set, the name it is
 * listed by; several entries of one service are one. false: out of memory. */
bool left_out_name(struct table *table);

size_t left_out_count(const struct table *table);       /* those that are listed */

/* By the name it is listed by. NULL: there is none. */
const struct left_out *left_out_find(const struct table *table, const char *name);

/* Whether something may come right by a change of this machine alone. */
bool left_out_may_return(const struct table *table);

const char *left_out_reason(const struct left_out *entry);      /* FILE:LINE:COL: MESSAGE */

/* The entry in a list of one reading, to be known by in another of the same sources: a number for its place and name. */
uint64_t left_out_key(struct origin at, const char *name);

/* Finds an entry of another reading in this table's list. NULL: this table has not left it out. */
const struct left_out *left_out_same(const struct table *table, struct origin at, const char *name);

/* Adds a row, which the caller drops from the table then. false: out of memory. */
bool left_out_add(struct table *table, const struct service *service, bool may_return, const char *reason);
