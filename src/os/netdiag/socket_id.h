/* Tells whether a descriptor is still the socket that it was. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* The kernel's number of a socket, unique until the next boot (SO_COOKIE, socket(7), Linux 4.12); 0: it is no socket,
 * or the kernel has none. Does not block for any descriptor. */
uint64_t socket_id(int fd);

/* The same in *id, where a call that fails must not count as another socket. false: the kernel does not tell, and *id
 * is 0; errno is ENOPROTOOPT if it never does. */
bool socket_id_read(int fd, uint64_t *id);

/* Whether it is the socket that had this id, as far as the kernel tells; 0: nobody knows. */
bool socket_has_id(int fd, uint64_t id);
