/* superd --check: one mistake that many services share is printed once, with the places of the others. */
#pragma once

#include <stddef.h>

#include "lib/diag.h"
#include "table/services/table.h"

/* Of diagnostics that differ only in the service keeps the first, followed by a note with the places of the others, if
 * there are at least five: fewer are better for an editor, which goes to FILE:LINE:COL. Call it after diags_sort. The
 * totals, such as diags->errors, stay. table: NULL: there is none. Does nothing if memory runs out. */
void diag_groups_make(struct diags *diags, const struct table *table);
