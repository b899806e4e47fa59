/* A text that outlives an exec, in an anonymous file: in memory, or else on disk. */
#pragma once

#include <stddef.h>

/* A close-on-exec descriptor, above those that children use; folder is where a file may be made at need. -1 and
 * errno. */
int state_file_make(const char *text, size_t length, const char *folder);

/* All of it, from its start, NUL-terminated, whatever has been read of it before. NULL and errno: it is no file,
 * or of more than `most` bytes. free() it. */
char *state_file_read(int fd, size_t most, size_t *length);
