/* The entries of all files of one source of xinetd.conf, as they are written. superd lays defaults under services only
 * after it has read all files, because either may come first.
 *
 * A source is a file with all it includes, or a folder. What is wrong with an entry is collected with it, as it weighs
 * less once the entry turns out to be disabled. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/diag.h"
#include "base/pool.h"
#include "base/source_file.h"
#include "parse/reading.h"
#include "parse/xinetd/line.h"

/* An attribute's line. */
struct xinetd_assignment {
	const char *name;               /* as written */
	int attribute;                  /* which it is; -1: none that is known */
	enum xinetd_operator sign;
	const char *const *words;
	size_t count;
	struct origin at;
	const struct origin *word_at;
};

struct xinetd_entry {
	const char *name;               /* of the service; NULL: defaults */
	struct origin at;
	struct xinetd_assignment *list;
	size_t count, capacity;
	struct diags said;
	bool is_broken;                 /* it is not what its author meant (reported) */
	const char *id, *label;         /* by xinetd_assign_ids; the label is what superd calls it, and no other has it */
	bool is_doubtful;               /* a line that is wrong may have told another id */
	bool is_disabled;
	struct origin disabled_at;
};

struct xinetd {
	struct pool *pool;              /* what is needed until builders are made */
	struct xinetd_entry *services;
	size_t count, capacity;
	struct xinetd_entry defaults;   /* those of all files as one; its place is that of the first */
	bool has_defaults;              /* the file that is being read has some already */
	bool failed;                    /* out of memory */
	const struct reader *reader;    /* of files that are included */
};

struct xinetd *xinetd_new(void);                /* NULL: out of memory */
void xinetd_free(struct xinetd *xinetd);        /* accepts NULL */

void xinetd_entry_free(struct xinetd_entry *entry);     /* what it holds; the entry itself is another's */

/* Adds the entries of one file, and by reading_file those of the files it includes. */
void xinetd_collect(struct xinetd *xinetd, struct reading *reading, const struct source_file *source);

/* Adds an error to an entry, which then becomes no service. */
void xinetd_entry_refuse(struct xinetd_entry *entry, struct origin at, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Hands over what was collected; mild: errors as warnings, and notes not at all. */
void xinetd_entry_say(const struct xinetd_entry *entry, struct diags *diags, bool is_mild);
