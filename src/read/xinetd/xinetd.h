/* The reader of xinetd.conf and its xinetd.d. All entries of a source are kept (entry.c) until its last file is read.
 * Then the defaults are applied (operators.c) and services become builders (service.c). */
#pragma once

#include "lib/source_file.h"
#include "table/reading/reading.h"

extern const struct reader reader_xinetd;

/* For tests and fuzzers: reads a file in memory; and ends the source, which makes builders of its services. */
bool xinetd_read_source(struct reading *reading, const struct source_file *source);
void xinetd_end_source(struct reading *reading);
