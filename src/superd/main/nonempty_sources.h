/* The files of a table that hold text. A reload uses them to notice a file that has become empty, as an editor leaves
 * it for a moment while it rewrites it; and files that have gone together, with a folder that is not mounted. Removing
 * one file of several is no mistake. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "lib/buf.h"
#include "lib/diag.h"
#include "lib/pool.h"
#include "superd/saved/state_stream.h"
#include "table/services/table.h"

/* Begins zeroed. */
struct nonempty_sources {
	struct pool *pool;              /* owned; holds the paths */
	struct nonempty_file *list;     /* owned; sorted by path after nonempty_sources_finish */
	size_t count, capacity;
	bool failed;                    /* out of memory: a file is missing in the list */
};

/* Adds a file that holds text, while the table is read. */
void nonempty_sources_add(struct nonempty_sources *nonempty, const char *path);

/* Sorts the list after the table was read, and marks the files that concern several services: sources of the command
 * line, by is_source, and files with defaults or includes. */
void nonempty_sources_finish(struct nonempty_sources *nonempty, const struct table *table,
			     bool (*is_source)(const void *context, const char *path), const void *context);

/* Checks that no file that concerns several services is empty now; without it nothing could be read as it was meant.
 * false: one is, which is an error in diags. */
bool nonempty_sources_check(const struct nonempty_sources *nonempty, struct diags *diags);

/* Whether the file held text at the last reading. */
bool nonempty_sources_has(const struct nonempty_sources *nonempty, const char *path);

/* Their paths, sorted, for the caller to free. NULL, and no count: nonempty is NULL, or memory ran out. */
const char **nonempty_sources_paths(const struct nonempty_sources *nonempty, size_t *count);

/* Whether none of the files with services of `table` has been read again. A file that is still read says itself that it
 * has no services any more. `now` is finished. */
bool nonempty_sources_lost(const struct nonempty_sources *now, const struct table *table);

/* Save and restore the list over an upgrade, as a section "file" for each file. */
void nonempty_sources_save(const struct nonempty_sources *nonempty, struct buf *out);
void nonempty_sources_restore(struct nonempty_sources *nonempty, struct state_stream *stream);

void nonempty_sources_free(struct nonempty_sources *nonempty);
