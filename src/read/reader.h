/* From paths to a table: picks the reader of each source's language, reads all of them, lays the defaults under every
 * service and checks the whole. A reader of another language is one more row of formats[] in reader.c.
 *
 * Readers tokenise and call drafts: no bind, no log, no exit, no look-up of names. They are fuzzed. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/diag.h"
#include "base/source.h"
#include "model/draft.h"
#include "model/table.h"

#define READING_DEPTH 16                /* of includes in includes */
#define READING_FILES 10000

/* A file that is being read. */
struct opened {
	const char *path;
	struct origin from;             /* the include or import that led to it; file NULL: the command line */
	dev_t device;
	ino_t inode;                    /* what makes two paths one file; 0: standard input */
};

/* What a reading carries from file to file. */
struct reading {
	struct table *table;
	struct diags *diags;
	struct draft *defaults;         /* of superd.conf sources, NULL until one is seen */
	struct draft **drafts;          /* of all sources, in order */
	size_t draft_count, draft_capacity;
	struct opened opened[READING_DEPTH];            /* the chain of includes, for "includes itself" */
	size_t depth;
	size_t files;                   /* read so far */
};

struct reader {
	bool (*recognises)(const struct source *source);        /* by what is in it */
	/* Reads one source whole, adding drafts and every diagnostic of it. false: could not be read at all. */
	bool (*read)(struct reading *reading, const char *path);
};

/* Sources as on the command line: "[FORMAT:]PATH", a file, a folder or "-". Whether they were fit to run is in diags: the
 * table holds what could be made of them, for --keep-going. NULL: out of memory. */
struct table *read_table(const char *const *sources, size_t count, struct diags *diags);

/* The same for a text in memory, in the language of superd.conf; for -l, tests and fuzzers. */
struct table *read_text(const char *file, const char *text, size_t length, struct diags *diags);

/* For readers: takes over the draft, also on failure. false: out of memory, which was added to diags. */
bool reading_add(struct reading *reading, struct draft *draft);

/* Reads a further source, "[FORMAT:]PATH", relative to the file it is named in. false after adding to diags why it could
 * not be read. */
bool reading_source(struct reading *reading, const char *source, struct origin from);

/* The same for a path whose language is known and which is complete. */
bool reading_file(struct reading *reading, const struct reader *reader, const char *path, struct origin from);

/* Seals every draft into reading->table, frees them and runs table_check. */
void reading_finish(struct reading *reading);
