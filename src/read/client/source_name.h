/* The name of a source on the command line or in an import: [FORMAT[+COMPAT]:]PATH. */
#pragma once

#include <stdbool.h>

#include "lib/diag.h"
#include "table/reading/reading.h"
#include "read/client/format.h"

struct source_name {
	const struct format *format;    /* NULL: not named; format_recognise finds it */
	enum compat compat;             /* COMPAT_NONE: not named */
	const char *path;               /* points into the text that was parsed */
};

/* Parses a name. `from` is its place. false: it is wrong (reported). */
bool source_name_read(struct source_name *name, const char *text, struct diags *diags, struct origin from);

/* The text behind "FORMAT:", whether or not superd knows that format. */
const char *source_name_path(const char *text);
