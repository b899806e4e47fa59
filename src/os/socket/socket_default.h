/* The kernel's own values of socket options, for those that have no value meaning "the kernel's own": read from a
 * socket of the same kind that nobody has set anything on. */
#pragma once

#include <stdbool.h>
#include <sys/socket.h>

/* The value a fresh socket of fd's kind has; false and errno. */
bool socket_default_get(int fd, int level, int option, void *value, socklen_t *length);
bool socket_default_int(int fd, int level, int option, int *value);
