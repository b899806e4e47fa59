/* The reader of superd.conf, by libconfuse. libconfuse does syntax and values; base/source and read/statement give it one
 * statement at a time, comments blanked, so every diagnostic of a file is found in one pass and stands at its column. */
#pragma once

#include "base/source.h"
#include "read/reader.h"

extern const struct reader reader_native;

bool native_read_source(struct reading *reading, const struct source *source);
