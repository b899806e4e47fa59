/* The multicast groups of a UDP socket. */
#pragma once

#include "base/buf.h"
#include "config/option/service.h"

/* Joins those of `after` that are not among those of `before`, and leaves the others; either may be NULL. What fails is
 * added to warnings, one a line. domain is the socket's. */
void socket_multicast_change(int fd, int domain, const struct listen *before, const struct listen *after,
			     struct buf *warnings);
