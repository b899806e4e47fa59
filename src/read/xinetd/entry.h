/* The entries of all files of one source of xinetd.conf, as they are written. A source is a file with all files that it
 * includes, or a folder. superd applies defaults when all files are read, because services may come before them.
 *
 * An entry collects its own diagnostics, because an error is only a warning if the entry turns out to be disabled. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "lib/diag.h"
#include "lib/pool.h"
#include "lib/source_file.h"
#include "read/xinetd/line.h"
#include "table/reading/reading.h"

/* The line of an attribute. */
struct xinetd_assignment {
	const char *name;               /* as written */
	int attribute;                  /* enum xinetd_attribute; -1: unknown */
	enum xinetd_operator sign;
	const char *const *words;
	size_t count;
	struct origin at;
	const struct origin *word_at;
};

struct xinetd_entry {
	const char *name;               /* of the service, as written; NULL: the entry is defaults */
	struct origin at;
	struct xinetd_assignment *list;
	size_t count, capacity;
	struct diags diags;
	bool is_broken;                 /* it has an error, so it becomes no service (reported) */
	const char *id;                 /* by xinetd_assign_ids; several entries may share one */
	const char *label;              /* by xinetd_assign_ids; the unique name of the service in superd */
	bool is_doubtful;               /* a wrong line may have set another id */
	bool is_disabled;
	struct origin disabled_at;
};

struct xinetd {
	struct pool *pool;              /* texts and lists that live until the builders are made */
	struct xinetd_entry *services;
	size_t count, capacity;
	struct xinetd_entry defaults;   /* defaults of all files; its place is that of the first */
	bool has_defaults;              /* the current file already had defaults */
	const struct reader *reader;    /* reader_xinetd, for included files */
};

struct xinetd *xinetd_new(void);
void xinetd_free(struct xinetd *xinetd);


/* Adds the entries of one file and of the files that it includes. */
void xinetd_collect(struct xinetd *xinetd, struct reading *reading, const struct source_file *source);

/* Adds an error to an entry, which then becomes no service. */
#define xinetd_entry_refuse(entry, ...) ((entry)->is_broken = true, diag_error(&(entry)->diags, __VA_ARGS__))

/* Adds the entry's diagnostics to diags. as_warnings: errors become warnings, and notes are left out. */
void xinetd_entry_report(const struct xinetd_entry *entry, struct diags *diags, bool as_warnings);

/* include.c: reads a file, or the files of a folder, as part of the same source. A relative path starts in the folder
 * of at.file. A file that cannot be read is added to reading->diags. */
void xinetd_include(struct xinetd *xinetd, struct reading *reading, const char *path, struct origin at, bool is_folder);
