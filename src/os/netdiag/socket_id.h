/* Tells whether a descriptor is still the socket that it was. */
#pragma once

#include <stdint.h>

/* The kernel's number of a socket, unique until the next boot (SO_COOKIE, socket(7), Linux 4.12); 0: it is no socket, or the
 * kernel has none. Does not block, whatever the descriptor is. */
uint64_t socket_id(int fd);
