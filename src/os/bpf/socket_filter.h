/* Address rules in the kernel, where superd never sees a client: a classic BPF program on the listening socket itself
 * (socket(7), SO_ATTACH_FILTER) drops what is refused before it is queued, for TCP the SYN, for UDP the datagram. For
 * accept = no with only_from or no_access. */
#pragma once

#include <stdbool.h>

#include "base/buf.h"
#include "base/pool.h"
#include "config/access/access.h"

struct sock_fprog;

/* The program that takes only what `access` permits, for a socket of this family (AF_INET, AF_INET6), in the pool. NULL
 * with the reason in why: names of hosts, more networks than the kernel's 4096 instructions hold, no memory. */
const struct sock_fprog *socket_filter_compile(const struct access *access, int family, struct pool *pool,
					       struct buf *why);

/* Sets the filter of a socket; NULL removes it. 0, or -1 and errno. */
int socket_filter_attach(int fd, const struct sock_fprog *filter);

/* Whether two are the same program; NULL is none. */
bool socket_filter_equal(const struct sock_fprog *a, const struct sock_fprog *b);
