/* Entries that superd --keep-going has left out of a table because of their errors. An entry is listed by the name of
 * its service; by FILE:LINE if its name is unknown, or if another row has it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/table/table.h"

/* Sets the names of all entries, after the last row is left out. Several entries of one service are listed as one.
 * false: out of memory. */
bool left_out_name(struct table *table);

size_t left_out_count(const struct table *table);       /* number of listed entries */

/* Finds a listed entry by its name. NULL: there is none. */
const struct left_out *left_out_find(const struct table *table, const char *name);

/* Whether a change of this machine alone may make an entry valid. */
bool left_out_may_return(const struct table *table);

const char *left_out_reason(const struct left_out *entry);      /* FILE:LINE:COL: MESSAGE */

/* A hash of an entry's place and name, to recognise it in another reading of the same sources. */
uint64_t left_out_key(struct origin at, const char *name);

/* Finds an entry of another reading in this table's list. NULL: this table has not left it out. */
const struct left_out *left_out_same(const struct table *table, struct origin at, const char *name);

/* Adds a row to the list; the caller then drops it from the table. false: out of memory. */
bool left_out_add(struct table *table, const struct service *service, bool may_return, const char *reason);
