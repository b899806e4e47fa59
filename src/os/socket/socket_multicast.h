/* The multicast groups of a UDP socket (ip(7), ipv6(7)). */
#pragma once

#include "lib/buf.h"
#include "table/service/service.h"

/* Joins the groups that only `after` has, and leaves the groups that only `before` has; either may be NULL. domain is
 * the socket's. Adds failures to warnings, one a line. */
void socket_multicast_change(int fd, int domain, const struct listen *before, const struct listen *after,
			     struct buf *warnings);
