/* The statements include and includedir of xinetd.conf(5). */
#pragma once

#include <stdbool.h>

#include "base/diag.h"
#include "parse/xinetd/entry.h"

/* Reads a file, or the files of a folder, as part of the same source. A relative path starts in the folder of at.file.
 * A file that cannot be read is added to reading->diags. */
void xinetd_include(struct xinetd *xinetd, struct reading *reading, const char *path, struct origin at, bool is_folder);
