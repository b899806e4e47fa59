/* The languages a table may be written in, and how to tell which one a file or folder is in: by its name, then by what is
 * in it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "parse/compat.h"
#include "parse/reading.h"

struct format {
	const char *name;               /* as in FORMAT:PATH */
	const char *title;              /* its usual file, as --check names it */
	const struct reader *reader;
	const char *files[3];           /* patterns of its usual names */
	const char *folder;             /* whose files are all of it; NULL: none */
	bool (*knows)(enum compat compat); /* whose own meanings its reader knows; NULL: nobody's */
};

const struct format *format_find(const char *name, size_t length); /* NULL: there is none */

/* The format of a file, of a folder by its files, or of "-". What nobody recognises is taken for superd.conf. */
const struct format *format_recognise(const char *path);

/* Whose table a file is where its content is not of the format it was named to be in; NULL: of that one, or of none. */
const struct format *format_meant(const struct format *named, const char *path);

/* Has every reader add what it kept back until all sources were read. */
void formats_finish(struct reading *reading);
