/* Messages of a unix socket that carry descriptors: unix(7), SCM_RIGHTS. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define FD_MESSAGE_MOST 253                     /* descriptors of one message: the kernel's SCM_MAX_FD */

/* Sends one message with copies of so many descriptors, of which there may be none. flags are send(2)'s; MSG_NOSIGNAL
 * is among them. false and errno. */
bool fd_message_send(int to, const void *bytes, size_t size, const int *fds, size_t count, int flags);

/* Receives one message with at most *count descriptors, close-on-exec; *count: how many have come. More than that the
 * kernel drops, or this closes. flags are recv(2)'s. The bytes, or -1 and errno, EINTR too. */
ssize_t fd_message_receive(int from, void *bytes, size_t size, int *fds, size_t *count, int flags);
