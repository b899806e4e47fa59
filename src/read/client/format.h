/* The languages a table may be written in, and how superd finds the language of a file or folder: by its name, then by
 * its content. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "table/reading/reading.h"

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
