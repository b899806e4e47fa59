/* The reader of inetd.conf, in every dialect: the union of them, or one's own meaning where reading->compat names it.
 *
 * A line becomes an entry (parse/inetd/entry.h); entries become builders when all sources are read, as one may take
 * from another. */
#pragma once

#include <stdbool.h>

#include "base/source_file.h"
#include "parse/reading.h"

extern const struct reader reader_inetd;

bool inetd_recognises(const struct source_file *source);
bool inetd_read_source(struct reading *reading, const struct source_file *source);
void inetd_finish(struct reading *reading);
