/* Which descriptors can be held, polled and closed without a call to a file system, which may never answer: sockets
 * (os/socket/plain_socket), pipes, memfds, eventfds, timerfds and pidfds. */
#pragma once

#include <stdbool.h>

#define DESCRIPTOR_NAME 256

/* Whether it is such a one. name: the kernel's name of the open file; "": unknown without /proc. */
bool descriptor_is_plain(int fd, char name[DESCRIPTOR_NAME]);
bool descriptor_is_pidfd(int fd);
