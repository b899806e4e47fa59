/* Opens and changes listeners. Every option of the sockets group is set before clients can see the socket, and at no
 * moment does a node have a wrong mode or owner. Linux features have a fallback beside them.
 *
 * The options have the meaning of systemd.socket(5). superd replaces a stale unix socket, but never one that a server
 * still uses (it tests that by connect(2)), not even its own: close a listener before its address is bound again. A
 * node belongs to root alone until its owner, queue and mode are right. Nothing here blocks: superd/machine/resolve has
 * looked up host names before. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "lib/buf.h"
#include "table/service/service.h"

/* Opens, binds and listens. Returns a close-on-exec, non-blocking descriptor, or -1 and errno with the reason in why,
 * such as "binding: Address already in use (port 80 …)". Options that cannot be set add a warning (systemd warns, too),
 * one a line, which begins with the endpoint. The caller calls bind_remove, then closes the descriptor. */
int bind_listen(const struct listen *listen, struct buf *why, struct buf *warnings);

/* Sets on a socket that superd has received, and that bind_matches accepts, everything that bind_listen would have set:
 * options, backlog, mode and owner of the node, symlinks. Options that the table does not set stay as they are. An
 * option that cannot be set adds a warning. -1 and errno, with why: the kernel cannot enforce the address rules, and
 * superd must not serve the socket without them. Of a foreign socket (os/netdiag/foreign_socket) only the node changes,
 * here and by bind_adjust: the rest is bind_restore's. */
int bind_adopt(int fd, const struct listen *listen, struct buf *why, struct buf *warnings);

/* Sets what differs between two versions of one listener and can change on an open socket (CHANGE_SOCKET): backlog,
 * buffers, mode and owner of the node, … An option that `after` no longer sets gets the kernel's default back. A node
 * that is gone adds a warning. -1 and errno, with why: bind_to_device or the filter of the address rules cannot be set;
 * superd must not serve the socket without them, and the caller closes it. is_lent: a program has it, and may read
 * nothing that the rules refuse. */
int bind_adjust(int fd, const struct listen *before, const struct listen *after, bool is_lent, struct buf *why,
		struct buf *warnings);

/* A socket that a backend has had. */
struct restore_task {
	int fd;                         /* borrowed */
	const struct listen *listen;    /* borrowed; may be NULL where nothing is restored or dropped */
	const struct listen *before;    /* the same, of RESTORE_CHANGE; NULL: it is unknown, and only the rules are set */
	bool clears;                    /* true: options that the table does not set get the kernel's defaults; false: they do not change */
	bool is_lent;                   /* of RESTORE_CHANGE: a program has it, and may read nothing that the rules refuse */
	unsigned drops;                 /* before all else so many clients or datagrams of its queue are dropped, if there are any */
	enum {
		RESTORE,
		RESTORE_CHANGE,         /* nothing is restored: what differs from `before` is set, as bind_adjust does */
		RESTORE_DROP,           /* that is all */
		RESTORE_ACCEPT,         /* nothing is restored: a client is accepted, if one waits */
		RESTORE_UNSHARED,       /* and it had no second socket */
		RESTORE_SHARED,         /* nothing is restored: its address may have a second socket from now on (os/socket/reuseport) */
		RESTORE_SHUT,           /* nothing is restored: it is shut down, for all its holders */
		RESTORE_SHUT_EMPTY,     /* the same, unless a client waits in its queue: EBUSY */
	} work;
};

/* Restores the properties that a backend may have changed for all holders of the socket: the filter, the interface, the
 * length of the queue, the options, the multicast groups. -1 and errno: that is impossible (SO_LOCK_FILTER), so the
 * socket must be opened again; one that accepts is shut down, for all its holders. RESTORE_CHANGE ends no socket, and adds
 * to `lines` what cannot be set, a line each, and in front of them why it has failed. RESTORE_DROP fails where clients are
 * left, as descriptors are short. RESTORE_ACCEPT returns the client's descriptor, or 0. */
int bind_restore(const struct restore_task *task, struct buf *lines);

/* Whether clients reach this socket by the listener's path: its node exists and is this socket's. Always true without a
 * path. Without CAP_NET_ADMIN the kernel searches all unix sockets for it. */
bool bind_is_reachable(int fd, const struct listen *listen);

/* Removes the node and symlinks if remove_on_stop is set and they are the socket's own. Does not close fd. */
void bind_remove(int fd, const struct listen *listen);

/* Whether an open descriptor is as bind_listen would have created it: kind, type, listening state, address. For adopted
 * LISTEN_FDS (sd_listen_fds(3)). BIND_UNKNOWN: it cannot be examined now, with errno. */
enum bind_match { BIND_DIFFERS, BIND_MATCHES, BIND_UNKNOWN };
enum bind_match bind_compare(int fd, const struct listen *listen);
bool bind_matches(int fd, const struct listen *listen);

/* Appends the address that a socket really has, as an endpoint's text ("tcp:127.0.0.1:43127"), for the log. */
void bind_describe(int fd, const struct listen *listen, struct buf *out);
struct socket_address;
/* The same of a socket whose name is known: getsockname(2) takes its lock. length 0: it is not. */
void bind_describe_named(int fd, const struct socket_address *name, const struct listen *listen, struct buf *out);

/* The IP versions that reach an open inet socket, and its port. */
struct bound_families {
	bool ipv4, ipv6;
	unsigned port;
};

bool bind_reach(int fd, struct bound_families *reach); /* fills in `reach`; false and errno */

/* The contents of the queue: > 0 something, 0 nothing, -1 unknown. For TCP the number of connections in the accept
 * queue; for unix sockets and others the kernel's report; for datagrams the bytes of the first one. */
int bind_queue(int fd, const struct listen *listen);

/* The number of clients in a stream listener's accept queue; 0 if a process has shut the listener down. */
unsigned bind_clients(int fd);
bool bind_has_queue(int fd);            /* whether a client or data waits, for any kind of listener; false for -1 */
/* Whether a process that shares the listener has shut it down (shutdown(2)): it gets no clients any more. */
bool bind_is_shut(int fd);

/* The maximum length of the queue (the backlog of listen(2)); -1: the kind has none. */
int bind_queue_limit(int fd, const struct listen *listen);

/* Whether this kernel has IPv6 at all, for tests and error messages. */
bool bind_kernel_has_ipv6(void);
