/* Descriptors that come along with what a unix socket brings (SCM_RIGHTS): refused by the kernel where it can, and
 * looked for before anything is received. Whoever drops the last reference to a file waits for its file system, which
 * may be one that its sender made and that never answers. So superd's process receives none that it has not asked
 * for. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Whether descriptors may be sent to this socket, and to those accepted at it from now on; a sender is told EPERM.
 * false and errno: ENOPROTOOPT before Linux 6.16, or where it is no unix socket. */
bool scm_rights_allow(int fd, bool allowed);

/* Whether the kernel keeps them out. false: also where it can't. Whoever else has the socket may have let some in
 * before. */
bool scm_rights_are_refused(int fd);

/* Copies what stands first in the queue and leaves it there, without waiting: what one recv(2) of that many bytes
 * takes. *carries: descriptors come along. The bytes, -1 and errno. */
ssize_t scm_rights_peek(int fd, void *to, size_t size, bool *carries);

/* Has urgent data (Linux 5.15) come in its place like any other: else it is thrown away by whoever reads past it,
 * with what it carries, and no look tells of it. */
void scm_rights_watch_urgent(int fd);

/* Ends a listener or a socket of datagrams, so that nothing more can come, and looks whether anything that may carry
 * descriptors is there. true: nothing is, and *client is -1. false: *client may be a connection that was the first. */
bool scm_rights_shut(int fd, int *client);
