/* The reader of inetd.conf(5). It reads superd's own dialect, which has the features of all others, or the dialect that
 * reading->compat names.
 *
 * A line becomes an entry (internal.h); entries become builders when all sources are read, because a later
 * entry may replace an earlier one. */
#pragma once

#include "table/reading/reading.h"

extern const struct reader reader_inetd;

bool inetd_recognises(const struct source_file *source);
bool inetd_read_source(struct reading *reading, const struct source_file *source);
