/* The reader of superd.conf. parse/superd/grammar cuts a source into statements with the place of every word,
 * libconfuse reads the quoted words for parse/superd/values, and here they become builders; so every diagnostic of a file
 * is found in one pass and stands at its column. */
#pragma once

#include "base/source_file.h"
#include "parse/reading.h"

extern const struct reader reader_superd;

bool superd_read_source(struct reading *reading, const struct source_file *source);
