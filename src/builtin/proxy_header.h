/* The header of the PROXY protocol, which passes the address of the client behind a relay to the server
 * (https://www.haproxy.org/download/2.9/doc/proxy-protocol.txt). */
#pragma once

#include <stddef.h>

#define PROXY_HEADER_MOST 108           /* bytes; version 1 needs up to 107 and a NUL, version 2 fewer */

/* Writes the header for this connection of a client, in version 1 or 2. A client of a unix socket has no address:
 * UNKNOWN, or LOCAL and AF_UNSPEC. -1: superd itself connects, as it looks whether the server answers. Returns the
 * length. */
size_t proxy_header_write(unsigned version, int connection, char out[PROXY_HEADER_MOST]);
