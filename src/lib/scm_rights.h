/* Descriptors that arrive at a unix socket (SCM_RIGHTS, unix(7)). The kernel refuses them where it can; elsewhere
 * superd looks for them before it receives anything. Dropping the last reference to a file may block on its file
 * system, which may be the sender's own and never answer. So superd itself receives only descriptors that it has
 * requested. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Allows or forbids descriptors at this socket, and at connections accepted from it from now on (SO_PASSRIGHTS); a
 * sender gets EPERM. false and errno: ENOPROTOOPT before Linux 6.16, or if it is not a unix socket. */
bool scm_rights_allow(int fd, bool allowed);

/* Whether the kernel refuses descriptors. false also if the kernel cannot. Another holder of the socket may have
 * allowed some before. */
bool scm_rights_are_refused(int fd);

/* Copies the start of the queue and leaves it there, without blocking: the data that one recv(2) of `size` bytes would
 * return. *carries: the data has descriptors. Returns the number of bytes; -1 and errno. */
ssize_t scm_rights_peek(int fd, void *to, size_t size, bool *carries);

/* Keeps urgent data (Linux 5.15) in the stream (SO_OOBINLINE): otherwise a read past it discards it together with its
 * descriptors, which scm_rights_peek does not show. */
void scm_rights_watch_urgent(int fd);

/* Shuts down a listener or a datagram socket, so that nothing more can arrive, and looks for messages that may carry
 * descriptors. true: there are none, and *client is -1. false: *client may be the first connection in the queue. */
bool scm_rights_shut(int fd, int *client);
