/* Address rules that the kernel applies before superd sees a client: a classic BPF program on the listening socket
 * (socket(7), SO_ATTACH_FILTER). The kernel drops a packet that is not allowed before it queues it: for TCP the SYN,
 * for UDP the datagram. Used for accept = no with only_from or no_access. */
#pragma once

#include <stdbool.h>

#include "lib/buf.h"
#include "lib/pool.h"
#include "table/access/access.h"

struct sock_fprog;

/* Compiles a program that passes only what `access` permits, for a socket of this family (AF_INET, AF_INET6). The
 * program lies in the pool. NULL with the reason in why: the rules contain host names or interfaces, there are more networks than the
 * kernel's 4096 instructions (BPF_MAXINSNS) hold, or memory is short. */
const struct sock_fprog *socket_filter_compile(const struct access *access, int family, struct pool *pool,
					       struct buf *why);

/* Sets the filter of a socket; NULL removes it. 0, or -1 and errno; EPERM: another one is locked. */
int socket_filter_attach(int fd, const struct sock_fprog *filter);

/* Locks the filter, for all who have the socket and for ever: SO_LOCK_FILTER of socket(7). false and errno. */
bool socket_filter_lock(int fd);
bool socket_filter_is_locked(int fd);

/* Whether both are the same program; NULL is no program. */
bool socket_filter_equal(const struct sock_fprog *a, const struct sock_fprog *b);
