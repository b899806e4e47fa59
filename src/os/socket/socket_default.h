/* The kernel's defaults of socket options, for options without a value that means "default": read from a new socket of
 * the same kind. */
#pragma once

#include <stdbool.h>

/* The value that a new socket of fd's kind has. false and errno. */
bool socket_default_int(int fd, int level, int option, int *value);
