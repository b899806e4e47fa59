/* A source as it is named: [FORMAT[+COMPAT]:]PATH. */
#pragma once

#include <stdbool.h>

#include "base/diag.h"
#include "parse/compat.h"
#include "parse/sources/format.h"

struct source_name {
	const struct format *format;    /* NULL: to be found out */
	enum compat compat;             /* COMPAT_NONE: it says nothing of it */
	const char *path;               /* within the text that was read */
};

/* false after saying what is wrong with it. */
bool source_name_read(struct source_name *name, const char *text, struct diags *diags, struct origin from);

/* The text behind the format, whether or not superd knows a format of that name. */
const char *source_name_path(const char *text);
