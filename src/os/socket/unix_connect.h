/* Connecting to a unix socket by its path, without waiting: one whose queue is full counts as not there. */
#pragma once

#include <stdbool.h>

/* Of this type, as SOCK_STREAM. A close-on-exec descriptor that does not block, or -1 and errno. */
int unix_connect(const char *path, int type);
