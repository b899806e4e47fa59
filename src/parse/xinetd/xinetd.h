/* The reader of xinetd.conf and its xinetd.d. A source is kept whole (parse/xinetd/entry) until its last file is
 * read, then defaults are laid under its services (parse/xinetd/operators) and these become builders
 * (parse/xinetd/service). */
#pragma once

#include "base/source_file.h"
#include "parse/reading.h"

extern const struct reader reader_xinetd;

/* Reads a file that is in memory, and ends its source; for tests and fuzzers. */
bool xinetd_read_source(struct reading *reading, const struct source_file *source);
void xinetd_end_source(struct reading *reading);
