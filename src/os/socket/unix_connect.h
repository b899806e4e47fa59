/* Connects to a unix socket by its path, without waiting. A full accept queue is an error. */
#pragma once

#include <stdbool.h>

/* type as SOCK_STREAM. Returns a close-on-exec, non-blocking descriptor, or -1 and errno. */
int unix_connect(const char *path, int type);
