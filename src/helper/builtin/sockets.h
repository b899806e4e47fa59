/* The sockets superd hands over, served until nobody has come for a while. */
#pragma once

#include <stdbool.h>

#include "helper/builtin/builtin.h"

/* Whether it is one connection, and not what connections or datagrams come by. */
bool socket_is_connection(int fd);

/* Serves listening sockets, a process a connection, and datagrams. The exit status. */
int sockets_serve(const struct settings *settings, const int *sockets, size_t count);
