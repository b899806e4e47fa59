/* One opener for each kind of endpoint; os/socket/bind chooses. All give a close-on-exec, non-blocking
 * descriptor, or -1 with errno and the reason in why. Private to os/socket/bind and the files beside
 * it. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "base/buf.h"
#include "config/service/service.h"

typedef int bind_opener(const struct listen *listen, struct buf *why, struct buf *warnings);

bind_opener bind_inet, bind_unix, bind_fifo, bind_special, bind_netlink, bind_vsock, bind_message_queue;

/* Writes "STEP: STRERROR (DETAIL)", detail may be NULL; gives -1 and leaves errno alone. */
int bind_fail(struct buf *why, const char *step, const char *detail, ...) __attribute__((format(printf, 3, 4)));

struct socket_form;

/* The protocol for socket(2): option socket_protocol if it applies to this kind, else the kind's own. */
int socket_protocol(const struct listen *listen, const struct socket_form *form);

/* A new close-on-exec, non-blocking socket of the listen's kind; -1 with errno and why. */
int bind_socket(const struct listen *listen, int domain, struct buf *why);

/* listen(2) where the kind takes connections; -1 with errno and why. */
int bind_queue_open(int fd, const struct listen *wanted, struct buf *why);

/* Has the kernel drop whom the listen's address rules refuse; -1 with errno and why. */
int bind_filter(int fd, const struct listen *listen, struct buf *why);

/* An option of a socket; -1: it has none. */
int bind_option(int fd, int level, int option);

struct socket_address;
bool bind_address(int fd, struct socket_address *address);

/* pipe_size of a fifo, which other kinds are not: set, and set again where it differs. */
void fifo_size(int fd, const struct listen *listen, struct buf *warnings);
void fifo_resize(int fd, const struct listen *before, const struct listen *after, struct buf *warnings);

/* Of a message queue, which other kinds are not: its owner and mode, and its end. */
void message_queue_adjust(int fd, const struct listen *listen, struct buf *warnings);
void message_queue_remove(const struct listen *listen);

/* Extended attributes of a node by its path, or of an open file; what can't be set is left out, as systemd does. */
void xattr_set_node(const char *path, words attributes);
void xattr_set_open(int fd, words attributes);

/* Nodes in the file system, for sockets and fifos alike. */

/* Creates the missing folders above path. If that fails, the later bind(2) fails. */
void node_make_parents(const char *path, mode_t mode);

/* Makes way for a socket: a stale one is removed; -1 with errno and why where somebody listens
 * or something else is there. */
int node_clear(const struct listen *listen, int type, struct buf *why);

/* Gives the node that fd is open on its owner, then its mode; meanwhile nobody may more than before. Refuses whatever else has
 * that name by now, as it may be a link to another's file. */
int node_dress(int fd, const char *path, const struct listen *listen, struct buf *why);

/* As node_dress, but fails unless the kernel confirms that the socket is bound to this node (SIOCUNIXFILE). */
int node_dress_surely(int fd, const char *path, const struct listen *listen, struct buf *why);

/* Removes the node and its symlinks, if it is this descriptor's. */
void node_remove(int fd, const struct listen *listen);

void node_make_symlinks(const struct listen *listen, struct buf *warnings);
void node_remove_symlinks(const struct listen *listen);
void node_drop_symlinks(const struct listen *before, const struct listen *after);       /* those only before had */

/* Whether the node under the listen's path is the one this descriptor is open on. */
bool node_is_ours(int fd, const struct listen *listen);

/* The path of the listen's node; NULL: it has none (abstract, inet, …). */
const char *node_path(const struct listen *listen);
uid_t node_uid(const struct listen *listen);
gid_t node_gid(const struct listen *listen);
