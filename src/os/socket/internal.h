/* Shared by os/socket/open and the files beside it: an opener for each kind of endpoint, among which os/socket/open
 * chooses, and work on nodes. */
#pragma once

#include "os/host/host.h"

/* An opener returns a close-on-exec, non-blocking descriptor, or -1 and errno with the reason in why. */
typedef int bind_opener(const struct listen *listen, struct buf *why, struct buf *warnings);

bind_opener bind_unix, bind_fifo; /* node.c: in a folder of another user with his rights (must_make_as_owner) */

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

/* ---- node.c ---- */

/* Nodes in the file system, of sockets and FIFOs. */

enum {
	NODE_VERIFIED = 1,    /* the kernel must confirm that the socket is bound to this node (SIOCUNIXFILE, unix(7)) */
	NODE_KEEPS_OWNER = 2, /* where the table names none; else the node becomes superd's */
};

/* Sets the node's owner and then its mode, if fd is open on it. Meanwhile no user has more rights than before. Fails if
 * the name refers to another file by now, such as a link to another user's file. */
int node_set_permissions(int fd, const struct listen *listen, unsigned how, struct buf *why);

/* The same, in a folder of another user by a process of its own. */
int node_change(int fd, const struct listen *listen, unsigned how, struct buf *why);

/* The first for an open FIFO or message queue, by its descriptor. */
int file_set_permissions(int fd, const struct listen *listen, struct buf *why);

/* The same for one that may have been there: it must be the user's or superd's, as its owner may have it open. */
int file_adopt(int fd, const struct listen *listen, struct buf *why);

/* Removes the node and its symlinks, if it is this descriptor's. */
void node_remove(int fd, const struct listen *listen);

void node_make_symlinks(const struct listen *listen, struct buf *warnings);
void node_remove_symlinks(const struct listen *listen, const struct listen *after);     /* but those of `after`; NULL: all */

/* Whether the node at the listener's path is the one that this descriptor is open on. */
bool node_is_ours(int fd, const struct listen *listen);

/* The path of the listener's node; NULL: it has none (abstract, inet, …). */
const char *node_path(const struct listen *listen);

/* Nodes in other users' folders: such a user may put links there, or a file system that does not answer. A helper
 * process makes these nodes, with the user's rights. */

/* Whether others can redirect the path of the listener's node, if it has one. */
bool node_is_foreign(const struct listen *listen, struct path_finding *finding);

/* Removes the node of a socket or FIFO, if it is its own. */
void foreign_remove(int fd, const struct listen *listen, const struct path_finding *finding);

/* ---- options.c ---- */

/* Sets the options of the sockets group on a socket: which kinds and families each is for, when it is set, and what an
 * accepted connection does not inherit. */

/* Sets everything that must be set before bind(2). domain is the socket's. An option that cannot be set adds a warning,
 * one a line. -1 and errno, with why: ipv6_only, bind_to_device or reuse_port failed, without which superd must not
 * serve the socket. */
int socket_options_set(int fd, int domain, const struct listen *listen, struct buf *why, struct buf *warnings);

/* Sets on a socket that superd was given what socket_options_set would have, as far as an open socket allows. */
void socket_options_adopt(int fd, int domain, const struct listen *listen, struct buf *warnings);

/* Sets on an open socket what differs between two versions of a listener; an option that `after` no longer sets gets
 * the kernel's default. -1 and errno, with why: the socket cannot be bound to the interface that `after` names. */
int socket_options_change(int fd, int domain, const struct listen *before, const struct listen *after, struct buf *why,
			  struct buf *warnings);

/* Sets what an accepted connection did not inherit. Makes no system call unless such an option is configured. */
void socket_options_accepted(int fd, const struct listen *listen);

