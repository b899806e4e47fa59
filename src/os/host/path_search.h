/* Finds a program named without a slash by a PATH, for commands of the command line only: the configuration names
 * programs by absolute paths. */
#pragma once

#include <stdbool.h>

#include "lib/buf.h"

/* Writes the program's path: `name` itself if it has a slash, else the first executable file of that name in `path`
 * (NULL: a default). false if there is none; `out` is then `name`. */
bool path_search(const char *name, const char *path, struct buf *out);
