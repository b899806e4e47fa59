/* Which sockets close without waiting for anybody, as far as their kind goes: others may hold sockets of their own, or wait
 * in ways of their own. */
#pragma once

#include <stdbool.h>

/* A socket of IPv4 or IPv6 of a protocol that superd makes sockets of, MPTCP apart, which is made of further sockets. */
bool socket_is_plain_inet(int fd);

/* One of a family and protocol that superd makes sockets of. */
bool socket_is_plain(int fd);
