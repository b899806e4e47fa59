/* include and includedir of xinetd.conf. */
#pragma once

#include <stdbool.h>

#include "base/diag.h"
#include "parse/xinetd/entry.h"

/* Reads a file, or all of a folder that are part of it, into the same source; relative to the file of `at`. What can't
 * be read is added to diags. */
void xinetd_include(struct xinetd *xinetd, struct reading *reading, const char *path, struct origin at, bool is_folder);
