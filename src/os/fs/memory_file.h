/* Texts as files without a name (memfd_create(2)): for a child to read, or to survive an exec. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* An empty file in memory, close-on-exec. -1 and errno; ENOSYS: the system has no such files. */
int memory_open(const char *name, bool sealable);

/* A close-on-exec descriptor to read the text from: a sealed file in memory. On systems without such files, the reading
 * end of a pipe, which holds only a short text. -1 and errno. */
int memory_file(const char *text, size_t length);

/* A text that survives an exec. A close-on-exec descriptor, with a number above those that children use. folder: where
 * a temporary file may be created if there is no memfd_create(2). -1 and errno. */
int state_file_make(const char *text, size_t length, const char *folder);

/* The whole text from its start, NUL-terminated, for the caller to free(). NULL and errno: it is not a regular file, or
 * has more than `most` bytes. */
char *state_file_read(int fd, size_t most, size_t *length);
