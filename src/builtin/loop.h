/* The loop of superd-builtin. With accept = no it has the listening sockets, and one process serves many clients; with
 * accept = yes it serves the client that it was started for. It answers datagrams, and relays those of a redirect.
 *
 * With --relay the process belongs to a service with a program of its own (exec beside redirect). It then takes no
 * client before the program has answered, and reports its work to superd over its channel. When superd closes the
 * channel, it takes no more clients, and ends after its last connection. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "builtin/builtin.h"

/* getsockopt(2) of SOL_SOCKET. -1 and errno. */
int loop_socket_option(int fd, int name);

/* Raises the limit of open files as far as it goes: to be called before the sandbox is entered. */
void loop_raise_limit(void);

/* Serves these sockets, or the one client. Returns the exit status. */
int loop_run(const struct settings *settings, const int *fds, size_t count, bool is_client);
