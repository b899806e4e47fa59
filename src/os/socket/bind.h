/* From an endpoint to an open socket, with every option of the sockets group set before it can be
 * seen, and without a moment in which a node's mode or owner is wrong. Linux specialities have
 * their fallback beside them.
 *
 * Follows systemd.socket(5) for the meaning of options; a stale unix socket is replaced, a
 * living one is never stolen (it is probed by connect), superd's own included: close a listener
 * before its address is bound anew. A node belongs to nobody but root until owner, queue and
 * mode are right. Never blocks: host names were looked up by prepare/resolve. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "config/service/service.h"

/* Opens, binds and listens. Gives a close-on-exec, non-blocking descriptor, or -1 with the
 * reason in why as "binding: Address already in use (port 80 …)" and errno. Warnings of options
 * that could not be set (systemd warns too) go to warnings, one a line, its endpoint in front. The caller closes it,
 * after bind_remove. */
int bind_listen(const struct listen *listen, struct buf *why, struct buf *warnings);

/* Sets on a socket superd was given, which bind_matches, all that bind_listen would have set: options, backlog, mode
 * and owner of the node, symlinks. Options the table leaves alone stay as they came. What can't be set goes to
 * warnings; -1, why and errno: the kernel does not keep to its address rules, and without them there must be no
 * socket. */
int bind_adopt(int fd, const struct listen *listen, struct buf *why, struct buf *warnings);

/* Sets what differs between two rows of one endpoint and can change on an open socket (CHANGE_SOCKET): backlog,
 * buffers, mode and owner of the node, … What `after` asks for no more gets the kernel's own value back. A node that
 * is gone is told in warnings. -1, why and errno: bind_to_device or the filter of its address rules can't be set, and
 * without it there must be no socket; the caller closes it. */
int bind_adjust(int fd, const struct listen *before, const struct listen *after, struct buf *why,
		struct buf *warnings);

/* Puts back what a backend may have changed for all who have the socket, and what would outlive it: the filter, the
 * interface, the length of the queue, options of the row. -1 and errno: that can't be done, so the socket must be made
 * anew (SO_LOCK_FILTER). */
int bind_restore(int fd, const struct listen *listen);

/* Whether clients still come to this socket by the listen's path: its node is there and is this socket's. Always true
 * of what has no path. Without CAP_NET_ADMIN the kernel looks through all unix sockets for it. */
bool bind_is_reachable(int fd, const struct listen *listen);

/* Removes the node and symlinks where remove_on_stop asks for it, and only while they are ours.
 * Does not close fd. */
void bind_remove(int fd, const struct listen *listen);

/* Whether an open descriptor is what listen would have made: kind, type, listening, address. For
 * adopted LISTEN_FDS. */
bool bind_matches(int fd, const struct listen *listen);

/* The address a socket really has, as an endpoint's text ("tcp:127.0.0.1:43127"), for the log. */
void bind_describe(int fd, const struct listen *listen, struct buf *out);

/* The families that reach an open inet socket, and its port. */
struct bound_families {
	bool ipv4, ipv6;
	unsigned port;
};

bool bind_reach(int fd, struct bound_families *reach); /* false and errno */

/* Bytes or connections waiting: > 0 something, 0 nothing, -1 unknown. For TCP the length of the
 * accept queue, for unix sockets and others what can be had; for datagrams the bytes of the
 * first. */
int bind_queue(int fd, const struct listen *listen);

/* Clients in the queue of a listener of streams, whatever kind it is; none where somebody has shut it down. */
unsigned bind_clients(int fd);
bool bind_has_queue(int fd);            /* somebody waits there, of whatever kind it is; -1: nobody */
bool bind_is_shut(int fd);              /* shutdown(2) by whoever has a copy: nobody can come to it any more */

/* How many connections may wait; -1: it is no matter of a number. */
int bind_queue_limit(int fd, const struct listen *listen);

/* Throws away what waits: closes connections, reads datagrams. A bounded number, as more may come meanwhile. */
void bind_flush(int fd, const struct listen *listen);

/* Accepts so many and closes them at once, without a wait; O_NONBLOCK is then as it was, as somebody who stands still
 * may have the socket, too. Adds how many there were. false: they can't be accepted, as descriptors are out. */
bool bind_drop(int fd, unsigned count, unsigned *dropped);

/* Whether this kernel has it at all, for tests and error texts. */
bool bind_kernel_has_ipv6(void);
