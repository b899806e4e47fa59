/* A redirect. With accept = no one process relays all connections and datagrams of a service. With accept = yes it
 * serves the client that it was started for, and with --shares those that superd sends over the channel.
 *
 * With a channel (--relay) the process belongs to a service with a program of its own (exec beside redirect). It then
 * takes no client before the program has answered, and reports its work to superd. When superd closes the channel, it
 * takes no more clients, and ends after its last connection. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "builtin/builtin.h"

/* Raises the limit of open files as far as it goes: to be called before the sandbox is entered. */
void relay_server_raise_limit(void);

/* Serves these listening sockets, or the one client. Returns the exit status. */
int relay_server_run(const struct settings *settings, const int *fds, size_t count, bool is_client);
