/* Statements such as include("…"): they name files of the same language by a path or a glob(7) pattern. */
#pragma once

#include "lib/diag.h"
#include "table/reading/reading.h"

/* Reads one file, or all files that a pattern matches and reader->takes accepts, in the order of their paths. `at` is
 * the place of the statement; a relative path starts in the folder of that file. A pattern may match no
 * file; if its folder has others, that is a note. A missing path and a folder are errors, which are added to
 * reading->diags. */
void include_files(struct reading *reading, const struct reader *reader, const char *pattern, struct origin at);
