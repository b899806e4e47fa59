/* Which sockets can be closed without blocking, by their family and protocol: sockets of other kinds may hold further
 * sockets, or block in close(2). */
#pragma once

#include <stdbool.h>

/* Whether it is an IPv4 or IPv6 socket of a protocol that superd opens, except MPTCP, which consists of further
 * sockets. */
bool socket_is_plain_inet(int fd);

/* Whether it is of a family and protocol that superd opens. */
bool socket_is_plain(int fd);
