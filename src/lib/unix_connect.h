/* Connects to a unix socket by its path, without blocking (unix(7)). A full accept queue is an error. */
#pragma once

#include <stdbool.h>

/* type: SOCK_STREAM and so on. Returns a close-on-exec, non-blocking descriptor, or -1 and errno. */
int unix_connect(const char *path, int type);
