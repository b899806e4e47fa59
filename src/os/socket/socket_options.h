/* Sets the options of the sockets group on a socket: which kinds and families each is for, when it is set, and what an
 * accepted connection does not inherit. */
#pragma once

#include <stdbool.h>

#include "lib/buf.h"
#include "table/service/service.h"

/* Sets everything that must be set before bind(2). domain is the socket's. An option that cannot be set adds a warning,
 * one a line. -1 and errno, with why: ipv6_only, bind_to_device or reuse_port failed, without which superd must not
 * serve the socket. */
int socket_options_set(int fd, int domain, const struct listen *listen, struct buf *why, struct buf *warnings);

/* Sets on a socket that superd was given what socket_options_set would have, as far as an open socket allows. */
void socket_options_adopt(int fd, int domain, const struct listen *listen, struct buf *warnings);

/* Sets the configured options again, as a backend may have changed them. clears: the others get the kernel's defaults.
 * -1 and errno: its interface cannot be restored. */
int socket_options_restore(int fd, int domain, const struct listen *listen, bool clears);

/* Writes or reads what socket_options_restore, the backlog and the filter need of the options. */
struct record;
void socket_options_record(struct record *record, struct socket_options *options);

/* Two versions of one listener. */
struct listen_change {
	const struct listen *before, *after;
};

/* Sets on an open socket what differs between two versions of a listener; an option that `after` no longer sets gets
 * the kernel's default. -1 and errno, with why: the socket cannot be bound to the interface that `after` names. */
int socket_options_adjust(int fd, int domain, const struct listen_change *change, struct buf *why,
			  struct buf *warnings);

/* Sets what an accepted connection did not inherit. Makes no system call unless such an option is configured. */
void socket_options_accepted(int fd, const struct listen *listen);
