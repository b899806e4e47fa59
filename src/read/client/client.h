/* Reading tables in all languages, in superd-read or for superd by it. */
#pragma once

#include "table/reading/reading.h"

/* ---- format.c ---- */

/* The languages a table may be written in, and how superd finds the language of a file or folder: by its name, then by
 * its content. */

struct format {
	const char *name;               /* FORMAT in FORMAT:PATH */
	const char *title;              /* the usual name of its files, for messages */
	const char *files[3];           /* fnmatch(3) patterns of its usual file names */
	const char *folder;             /* all files of a folder of this name are in this format; NULL: none */
	unsigned compats;               /* the implementations whose meaning the reader knows: bits by enum compat */
};

extern const struct format *const format_own;   /* superd.conf */

/* The format of a file, a folder (from the files in it), or "-". superd.conf where no format matches. */
const struct format *format_recognise(const char *path);

/* The reader of a language; NULL: this program does not have it. */
const struct reader *format_reader(const struct format *format);

bool formats_are_linked(void);                  /* whether this program has the reader of each language */

/* Whether a source is superd.conf by its name, or by how it begins. named: its format, if it was given; else NULL. A
 * source that cannot be read counts as one. */
bool format_is_certain(const struct format *named, const char *path);

/* Calls `finish` of every reader, when all sources are read. */
void formats_finish(struct reading *reading);

/* The name of a source on the command line or in an import: [FORMAT[+COMPAT]:]PATH. */
struct source_name {
	const struct format *format;    /* NULL: not named; format_recognise finds it */
	enum compat compat;             /* COMPAT_NONE: not named */
	const char *path;               /* points into the text that was parsed */
};

/* Parses a name. `from` is its place. false: it is wrong (reported). */
bool source_name_read(struct source_name *name, const char *text, struct diags *diags, struct origin from);

/* The text behind "FORMAT:", whether or not superd knows that format. */
const char *source_name_path(const char *text);

/* ---- readers.c ---- */

/* The readers of other systems' languages, in the order of formats[] of read/client/format.c. superd links none.c, in
 * which each is NULL: superd-read has them. */

#define FOREIGN_FORMATS 4

extern const struct reader *const foreign_readers[FOREIGN_FORMATS];

/* ---- sources.c ---- */

/* Reads sources into a table: picks the reader of each source's language, reads all sources, applies the defaults to
 * every service and checks the whole. A further language is one more row of formats[] in format.c. */

/* Returns a table with all services that could be read, also after errors, for --keep-going; diags has the errors. The
 * caller frees it with table_free. NULL: out of memory. */
struct table *read_table(const struct read_request *request, struct diags *diags);

/* Reads what print_conf_saved wrote, without table_check. NULL: out of memory. */
struct table *read_saved(const char *text, struct diags *diags);

/* Reads a source with a reader of this program. from: the import; file NULL: the command line names it. */
void reading_source(struct reading *reading, const char *source, struct origin from);

/* Reads all imports, makes services of all builders in reading->table, frees the builders and runs table_check. */
void reading_finish(struct reading *reading);

/* ---- client.c ---- */

/* superd's side of a reading in superd-read: has it read the sources that are not superd.conf, takes the services and
 * records that it writes, and checks all of them. */

/* Starts superd-read, and has it read the imports that wait for that. What is wrong is added to the diagnostics. Does
 * nothing without request->start. */
void ask_imports(struct reading *reading);

/* ---- protocol.c ---- */

/* What superd and superd-read say to each other: lines.
 *
 * superd sends a request and closes its direction. superd-read answers with services of superd.conf, with marks
 * (table/services/service_conf.c), and between them records: lines that begin with # and no blank. */

enum record_kind {
	RECORD_SOURCE,                  /* number: it reads this source of the request; behind the last: what all have */
	RECORD_OWN,                     /* that source is superd.conf, which superd-read does not read */
	RECORD_READ,                    /* at.file: the path; text: title of its language; number: services */
	RECORD_DIAG,                    /* at, text, hint; number: severity; flag: it follows the one before */
	RECORD_SKIPPED,                 /* at, text: the name; flag: is_doubtful; other: is_part */
	RECORD_ROLE,                    /* at, text: the name; number: enum role_kind */
	RECORD_END,                     /* the last one; number: errors that no record has */
	RECORDS
};

/* All that any kind has; the rest is zero. */
struct read_record {
	enum record_kind kind;
	struct origin at;
	const char *text, *hint;        /* NULL: none */
	unsigned number;
	bool flag, other;
};

void read_record_write(struct buf *out, struct read_record record);

/* Whether a line is a record. */
static inline bool record_begins(const char *line)
{
	return line[0] == '#' && line[1] != ' ';
}

/* Reads a line, in which the texts of the record then lie. false: it is wrong. */
bool read_record_parse(char *line, struct read_record *record);

/* The part of a request that superd-read needs. What is read lies in the text and in the pool. false: it is wrong. */
void request_write(struct buf *out, struct read_request request);
bool request_read(char *text, struct pool *pool, struct read_request *request);
