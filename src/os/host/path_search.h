/* Where a program named without a slash lies, by a PATH: for commands of the command line only; tables name
 * programs whole. */
#pragma once

#include <stdbool.h>

#include "base/buf.h"

/* Puts the program's path into out: name itself when it has a slash, else the first executable file of that name
 * in path (NULL: the usual one). false when there is none; out is then name. */
bool path_search(const char *name, const char *path, struct buf *out);
