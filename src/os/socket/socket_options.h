/* The options of the sockets group on a socket: which kinds and families each is for, when it is
 * set, and what the kernel leaves off a connection accepted from the listener. */
#pragma once

#include <stdbool.h>

#include "base/buf.h"
#include "config/service/service.h"

/* Sets everything that has to stand before bind. domain is the socket's. What can't be set is
 * added to warnings, one a line; but without ipv6_only, bind_to_device, reuse_port there must be
 * no socket: -1, why and errno. */
int socket_options_set(int fd, int domain, const struct listen *listen, struct buf *why, struct buf *warnings);

/* Sets on a socket superd was given what socket_options_set would have, as far as an open socket takes it. */
void socket_options_adopt(int fd, int domain, const struct listen *listen, struct buf *warnings);

/* Sets again what the table asks for, as somebody may have changed it. -1 and errno: its interface can't be what it
 * was. */
int socket_options_restore(int fd, int domain, const struct listen *listen);

/* Sets on an open socket what differs between two sets of options; what is asked for no more gets the kernel's own
 * value back. -1, why and errno: it can't be tied to the interface that `after` names. */
int socket_options_adjust(int fd, int domain, const struct listen *before, const struct listen *after,
			  struct buf *why, struct buf *warnings);

/* Sets what an accepted connection did not inherit; makes no call where nothing of it was asked for. */
void socket_options_accepted(int fd, const struct listen *listen);
