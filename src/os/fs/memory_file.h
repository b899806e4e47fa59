/* A text as a file without a name, for a child to read. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* An empty one, close-on-exec. -1 and errno; ENOSYS: the system has none. */
int memory_open(const char *name, bool sealable);

/* A close-on-exec descriptor of it: sealed against change where the system has files in memory, else the reading end of a
 * pipe, which holds but little. -1 and errno. */
int memory_file(const char *text, size_t length);
