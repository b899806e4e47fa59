/* Finds the socket of superd's that a program means by a bind(2): the same kind of socket, the same port or path, and
 * an address that is equal or a wildcard on either side. Pure functions, for any bytes that a program passes. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "os/netdiag/socket_address.h"
#include "worker/record/bind_request.h"

/* A kind of socket, by SO_DOMAIN, SO_TYPE and SO_PROTOCOL (socket(7)). */
struct bind_kind {
	int domain, type, protocol;
	bool ipv6_only;
};

/* An address that a program requests for a socket. */
struct bind_wish {
	struct bind_kind kind;
	struct socket_address address;
	dev_t device;                   /* unix path: its folder; 0: it does not exist */
	ino_t folder;
};

/* How well an address fits; a greater one fits better. */
enum bind_fit {
	FITS_NOT,
	FITS_OTHER_FAMILY,              /* an IPv4 socket for an IPv6 one that takes both, or the reverse */
	FITS_WILDCARD,                  /* one of the two names any address */
	FITS
};

/* Brings an address into the form for comparisons: a path without the NUL byte and any bytes behind it, and an
 * IPv4-mapped IPv6 address as an IPv4 one. */
void bind_address_normalize(struct socket_address *address);

/* Checks the address that a program passed to bind(2): a family, and a length that belongs to it. Makes an IPv4-mapped
 * IPv6 address an IPv4 one. false: the kernel would refuse it, or it is of a family that superd has no listeners of. */
bool bind_wish_read(struct bind_wish *wish, const void *bytes, size_t length);

/* How well a socket of superd's, of this kind, fits a wish, if it listens on `address` or replaces a socket there.
 * device and folder: of its path. */
enum bind_fit bind_wish_fit(const struct bind_wish *wish, const struct bind_kind *kind,
			    const struct socket_address *address, dev_t device, ino_t folder);

/* Writes the wish as an endpoint, "tcp:0.0.0.0:6379", with other than printable characters as '?'. */
void bind_wish_format(const struct bind_wish *wish, char out[BIND_TEXT]);
