/* include("…") and its like: files of the same language, by a path or a pattern. */
#pragma once

#include "base/diag.h"
#include "parse/reading.h"

/* Reads the file, or all a pattern matches and the reader takes of a folder, by name; relative to the file of `at`, the
 * statement. That a pattern matches none is fine; a path that is missing and a folder are errors, added to diags. */
void include_files(struct reading *reading, const struct reader *reader, const char *pattern, struct origin at);
