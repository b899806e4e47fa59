/* Sending descriptors along a unix socket, as any process may. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Connects to a unix socket by its path, or by "@" and its abstract name. Ends the process where that can't be. */
int connect_to(int type, const char *name);

/* The text, with these descriptors. false and errno. */
bool pass_descriptors(int to, const char *text, const int *fds, size_t count);
