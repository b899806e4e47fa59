/* The reader of launchd's property lists of XML, with one job a file. */
#pragma once

#include "table/reading/reading.h"

extern const struct reader reader_launchd;

/* For tests and fuzzers: reads any bytes as a property list. */
bool launchd_read_source(struct reading *reading, const struct source_file *source);
