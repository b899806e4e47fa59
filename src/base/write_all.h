/* Writing a whole text to a descriptor that waits for nobody: a file, or a pipe that has room for it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* false and errno: not all of it was written. Async-signal-safe. */
bool write_all(int fd, const char *text, size_t length);
