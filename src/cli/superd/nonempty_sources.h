/* Which files of a table hold anything at all, so that a reload does not take for meant what an editor does for a
 * moment: a file of no bytes where there was something before. A file that is gone is meant to be. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/diag.h"
#include "base/pool.h"
#include "base/state_stream.h"
#include "config/table/table.h"

/* A zeroed struct knows of none. */
struct nonempty_sources {
	struct pool *pool;              /* of the paths */
	struct nonempty_file *list;     /* by path, once nonempty_sources_end was called */
	size_t count, capacity;
	bool failed;                    /* out of memory: it knows less than there is */
};

/* While a table is read: a file that holds something. */
void nonempty_sources_note(struct nonempty_sources *nonempty, const char *path);

/* When it is read: finds out which of the files speak for others than their own services. is_source tells those of the
 * command line. */
void nonempty_sources_end(struct nonempty_sources *nonempty, const struct table *table,
			  bool (*is_source)(const void *context, const char *path), const void *context);

/* Whether none of those that speak for others is empty now; false after saying which. Without them nothing can be read
 * as it was meant. */
bool nonempty_sources_check(const struct nonempty_sources *nonempty, struct diags *diags);

/* Whether this file, which is empty, was not. */
bool nonempty_sources_has(const struct nonempty_sources *nonempty, const char *path);

/* For an upgrade: a section "file" for each, and one of them read. nonempty_sources_end is not called for those. */
void nonempty_sources_carry(const struct nonempty_sources *nonempty, struct buf *out);
void nonempty_sources_resume(struct nonempty_sources *nonempty, struct state_stream *stream);

void nonempty_sources_free(struct nonempty_sources *nonempty);
