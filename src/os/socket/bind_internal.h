/* Shared by os/socket/bind and the files beside it: an opener for each kind of endpoint, among which os/socket/bind
 * chooses, and work on nodes. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "lib/buf.h"
#include "os/foreign/foreign_path.h"
#include "table/service/service.h"

/* An opener returns a close-on-exec, non-blocking descriptor, or -1 and errno with the reason in why. */
typedef int bind_opener(const struct listen *listen, struct buf *why, struct buf *warnings);

bind_opener bind_inet, bind_unix, bind_fifo, bind_special, bind_netlink, bind_vsock, bind_message_queue;

/* Appends "STEP: STRERROR (DETAIL)", where detail may be NULL. Returns -1 and keeps errno. */
int bind_fail(struct buf *why, const char *step, const char *detail, ...) __attribute__((format(printf, 3, 4)));

/* A new close-on-exec, non-blocking socket of the listener's kind; -1 and errno, with why. */
int bind_socket(const struct listen *listen, int domain, struct buf *why);

/* listen(2), if the kind accepts connections; -1 and errno, with why. */
int bind_queue_open(int fd, const struct listen *wanted, struct buf *why);

/* Lets the kernel drop packets that address rules refuse (listen_filter; NULL: there are none); -1 and errno, with
 * why. */
int bind_filter(int fd, const struct sock_fprog *filter, struct buf *why);

struct socket_address;
bool bind_address(int fd, struct socket_address *address);

/* Takes and closes so many of the clients in the queue, or reads so many datagrams, if there are any, without blocking.
 * Restores O_NONBLOCK, as a frozen backend may share the socket. -1 and errno: some are left. */
int bind_queue_drop(int fd, const struct listen *listen, unsigned most);

/* Set owner and mode of a message queue, and remove it (mq_unlink(3)). Do nothing for other kinds. */
void message_queue_adjust(int fd, const struct listen *listen, struct buf *warnings);
void message_queue_remove(const struct listen *listen);

/* Nodes in the file system, of sockets and FIFOs. */

/* Creates the missing folders above path. If that fails, the later bind(2) fails. */
void node_make_parents(const char *path, mode_t mode);

/* Prepares the path for a new socket: removes a stale one. -1 and errno, with why: a server listens there, or something
 * else is there. */
int node_clear(const struct listen *listen, int type, struct buf *why);

/* Sets the node's owner and then its mode, if fd is open on it. Meanwhile no user has more rights than before. Fails if
 * the name refers to another file by now, such as a link to another user's file. */
int node_set_permissions(int fd, const char *path, const struct listen *listen, struct buf *why);

/* As node_set_permissions, but fails unless the kernel confirms that the socket is bound to this node (SIOCUNIXFILE,
 * unix(7)). */
int node_set_permissions_verified(int fd, const char *path, const struct listen *listen, struct buf *why);

/* Removes the node and its symlinks, if it is this descriptor's. */
void node_remove(int fd, const struct listen *listen);

void node_make_symlinks(const struct listen *listen, struct buf *warnings);
void node_remove_symlinks(const struct listen *listen);
void node_drop_symlinks(const struct listen *before, const struct listen *after);       /* removes entries that only `before` has */

/* Whether the node at the listener's path is the one that this descriptor is open on. */
bool node_is_ours(int fd, const struct listen *listen);

/* The path of the listener's node; NULL: it has none (abstract, inet, …). */
const char *node_path(const struct listen *listen);
uid_t node_uid(const struct listen *listen);            /* socket_user, else superd's own */
gid_t node_gid(const struct listen *listen);

/* Nodes in other users' folders: such a user may put links there, or a file system that does not answer. A helper
 * process makes these nodes, with the user's rights. */

/* Whether others can redirect the path of the listener's node, if it has one. */
bool node_is_foreign(const struct listen *listen, struct path_finding *finding);

/* Runs `open` in such a process. As bind_listen. */
int bind_foreign(bind_opener *open, const struct listen *listen, const struct path_finding *finding, struct buf *why,
		 struct buf *warnings);

/* Removes the node of a socket or FIFO, if it is its own. */
void foreign_remove(int fd, const struct listen *listen, const struct path_finding *finding);

/* The second listener of a unix socket, for os/socket/reuseport. */
const char *reuseport_unix_obstacle(const struct listen *listen); /* NULL: none */
int reuseport_unix_open(int fd, const struct listen *listen, struct buf *why, struct buf *warnings);
