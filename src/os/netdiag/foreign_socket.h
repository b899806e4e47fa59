/* Sockets that a process of another user may have: a backend's, or one that it has handed them to. It may keep a
 * socket's lock for ever: in a system call on it whose memory is a file of his own file system (FUSE), which does not
 * answer. Whoever needs that lock waits with it, and no signal ends that. poll(2), fcntl(2) and close(2) need none
 * while somebody else has the socket.
 *
 * So what needs it is done by a process beside superd, for a moment. */
#pragma once

#include <stdbool.h>

#include "base/buf.h"
#include "config/service/service.h"
#include "os/foreign/fork_with_timeout.h"
#include "os/netdiag/socket_address.h"

/* Whether a user is neither root nor superd's own, who can do to superd what they like. An account of NULL: false. */
bool foreign_user_is(uid_t user);
bool foreign_account_is(const struct account *account);

/* Whether sockets that a backend of this account has may come into the hands of such a user: its own, or one that a
 * daemon of root's becomes, or makes its workers. */
bool foreign_holder_is(const struct account *account);

/* What superd knows of a descriptor of its own; of one that was closed it may be told wrongly, at the cost of a
 * process. */
void foreign_socket_mark(int fd, bool foreign);
bool foreign_socket_is(int fd);
int foreign_socket_forget(int fd);              /* of a new one: raises it to FD_HIGH, and clears that number's mark */
void foreign_socket_resume(int fd);             /* marks one that was foreign before superd got it */

int foreign_socket_copy(int fd);                /* duplicates a descriptor with its mark; -1 and errno */

/* getsockname(2), which takes the lock; of a foreign one it is what it was before it was given away. */
bool foreign_socket_name(int fd, struct socket_address *name);

/* Work on a socket. Returns 0 or more, or -1 and errno. */
typedef int socket_work(int fd, const void *with, struct buf *why, struct buf *warnings);

/* Has it done, here where the socket is nobody else's: 0; -1 and errno, ETIMEDOUT: it is kept from being used. why and
 * warnings get what the work puts there. */
int foreign_socket_do(int fd, socket_work *work, const void *with, struct buf *why, struct buf *warnings);

/* For those who have it done in a process of their own: how long that may take, and a socket that has kept it from
 * being done for so long, which is then left alone for a while. */
#define FOREIGN_PATIENCE 1.             /* seconds */
void foreign_socket_back_off(int fd);
bool foreign_socket_is_backed_off(int fd);

/* As foreign_socket_do, for work that returns a socket's descriptor. */
int foreign_socket_open(int fd, socket_work *work, const void *with, struct buf *why, struct buf *warnings);
