/* Messages of a unix socket that carry descriptors: unix(7), SCM_RIGHTS. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define FD_MESSAGE_MOST 253                     /* descriptors in one message: the kernel's SCM_MAX_FD */

/* Sends one message with `count` descriptors, which may be 0, by sendmsg(2); adds MSG_NOSIGNAL to flags. false and
 * errno. */
bool fd_message_send(int to, const void *bytes, size_t size, const int *fds, size_t count, int flags);

/* Receives one message with at most *count descriptors by recvmsg(2); sets *count to their number. They are
 * close-on-exec and the caller's; further ones are closed. Returns the bytes, or -1 and errno, EINTR included. */
ssize_t fd_message_receive(int from, void *bytes, size_t size, int *fds, size_t *count, int flags);

/* Descriptors that arrive at a unix socket (SCM_RIGHTS, unix(7)). The kernel refuses them where it can; elsewhere
 * superd looks for them before it receives anything. Dropping the last reference to a file may block on its file
 * system, which may be the sender's own and never answer. So superd itself receives only descriptors that it has
 * requested. */

/* Allows or forbids descriptors at this socket, and at connections accepted from it from now on (SO_PASSRIGHTS); a
 * sender gets EPERM. false and errno: ENOPROTOOPT before Linux 6.16, or if it is not a unix socket. */
bool scm_rights_allow(int fd, bool allowed);

/* Copies the start of the queue and leaves it there, without blocking: the data that one recv(2) of `size` bytes would
 * return. *carries: the data has descriptors. Returns the number of bytes; -1 and errno. */
ssize_t scm_rights_peek(int fd, void *to, size_t size, bool *carries);

/* Keeps urgent data (Linux 5.15) in the stream (SO_OOBINLINE): otherwise a read past it discards it together with its
 * descriptors, which scm_rights_peek does not show. */
void scm_rights_watch_urgent(int fd);

/* superd's end of a channel to one of its helper programs: packets (SOCK_SEQPACKET), which carry descriptors only from
 * superd to the helper. The other end may be hostile, so what arrives is bounded and never trusted. */

/* Receives a packet without blocking. Returns its length; 0, with EPIPE as errno: end of file; -1 and errno: EMSGSIZE:
 * it was longer than `size`; EPERM: it carries descriptors, stays in the queue, and blocks the channel. */
ssize_t fd_channel_receive(int end, char *to, size_t size);
