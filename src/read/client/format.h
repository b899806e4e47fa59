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

const struct format *format_find(const char *name, size_t length); /* NULL: there is none of that name */

/* The format of a file, a folder (from the files in it), or "-". superd.conf where no format matches. */
const struct format *format_recognise(const char *path);

/* The reader of a language; NULL: this program does not have it. */
const struct reader *format_reader(const struct format *format);

bool formats_are_linked(void);                  /* whether this program has the reader of each language */
bool format_is_own(const struct format *format); /* whether it is superd.conf */

/* Whether a source is superd.conf by its name, or by how it begins. named: its format, if it was given; else NULL. A
 * source that cannot be read counts as one. */
bool format_is_certain(const struct format *named, const char *path);

/* Calls `finish` of every reader, when all sources are read. */
void formats_finish(struct reading *reading);
