/* A text that survives an exec, in an anonymous file: in memory, or else on disk. */
#pragma once

#include <stddef.h>

/* A close-on-exec descriptor, with a number above those that children use. folder: where a temporary file may be
 * created if there is no memfd_create(2). -1 and errno. */
int state_file_make(const char *text, size_t length, const char *folder);

/* The whole text from its start, NUL-terminated, for the caller to free(). NULL and errno: it is not a regular file, or
 * has more than `most` bytes. */
char *state_file_read(int fd, size_t most, size_t *length);
