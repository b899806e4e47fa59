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

/* For a process that must not end before the other side has received its message: waits for a byte, or some seconds if
 * the other side ends without one. */
void fd_message_await_taken(int from);
