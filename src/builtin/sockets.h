/* Serves the sockets that superd passed, until no client has come for a while. */
#pragma once

#include <stdbool.h>

#include "builtin/builtin.h"

/* Whether the socket is a connection (1), or a listening or datagram socket (0). -1 and errno: it cannot be found
 * out. */
int socket_is_connection(int fd);

/* Serves listening sockets, with a child process for each connection, and datagram sockets. Returns the exit status. */
int sockets_serve(const struct settings *settings, const int *sockets, size_t count);
