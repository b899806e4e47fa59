/* The reader of launchd's property lists, one job a file, of XML or binary. */
#pragma once

#include "parse/reading.h"

extern const struct reader reader_launchd;

/* For tests and fuzzers: reads a text, whatever its bytes, as the property list of this name. */
bool launchd_read_source(struct reading *reading, const struct source_file *source);
