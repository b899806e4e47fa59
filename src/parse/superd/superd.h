/* The reader of superd.conf. parse/superd/grammar.c splits a source into statements with the place of every word,
 * parse/superd/values reads the words with libconfuse, and superd.c makes builders of them. One pass finds all mistakes
 * of a file, each with its column. */
#pragma once

#include "base/source_file.h"
#include "parse/reading.h"

extern const struct reader reader_superd;

bool superd_read_source(struct reading *reading, const struct source_file *source);
