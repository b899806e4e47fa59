/* A text as a file without a name, for a child to read (memfd_create(2)). */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* An empty file in memory, close-on-exec. -1 and errno; ENOSYS: the system has no such files. */
int memory_open(const char *name, bool sealable);

/* A close-on-exec descriptor to read the text from: a sealed file in memory. On systems without such files, the reading
 * end of a pipe, which holds only a short text. -1 and errno. */
int memory_file(const char *text, size_t length);
