/* Writes a whole text to a file, or to a pipe that has room for it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* false and errno: not all was written. Async-signal-safe. */
bool write_all(int fd, const char *text, size_t length);
