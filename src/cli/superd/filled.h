/* Which files of a table hold anything at all, so that a reload does not take for meant what an editor does for a
 * moment: a file of no bytes where there was something before. A file that is gone is meant to be. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/diag.h"
#include "base/ledger.h"
#include "base/pool.h"
#include "config/table/table.h"

/* A zeroed struct knows of none. */
struct filled {
	struct pool *pool;              /* of the paths */
	struct filled_file *list;       /* by path, once filled_end was called */
	size_t count, capacity;
	bool failed;                    /* out of memory: it knows less than there is */
};

/* While a table is read: a file that holds something. */
void filled_note(struct filled *filled, const char *path);

/* When it is read: finds out which of the files speak for others than their own services. is_source tells those of the
 * command line. */
void filled_end(struct filled *filled, const struct table *table,
		bool (*is_source)(const void *context, const char *path), const void *context);

/* Whether none of those that speak for others is empty now; false after saying which. Without them nothing can be read
 * as it was meant. */
bool filled_check(const struct filled *filled, struct diags *diags);

/* Whether this file, which is empty, was not. */
bool filled_has(const struct filled *filled, const char *path);

/* For an upgrade: a section "file" for each, and one of them read. filled_end is not called for those. */
void filled_carry(const struct filled *filled, struct buf *out);
void filled_resume(struct filled *filled, struct ledger *ledger);

void filled_free(struct filled *filled);
