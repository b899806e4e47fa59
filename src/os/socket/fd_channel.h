/* superd's end of a channel to one of its helper programs: packets (SOCK_SEQPACKET), which carry descriptors only from
 * superd to the helper. The other end may be hostile, so what arrives is bounded and never trusted. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Opens both ends, close-on-exec. ends[0] is superd's: it is non-blocking, and refuses descriptors. -1 and errno. */
int fd_channel_pair(int ends[2]);

/* Receives a packet without blocking. Returns its length; 0, with EPIPE as errno: end of file; -1 and errno: EMSGSIZE:
 * it was longer than `size`; EPERM: it carries descriptors, stays in the queue, and blocks the channel. */
ssize_t fd_channel_receive(int end, char *to, size_t size);

/* The same, but the packet stays in the queue. */
ssize_t fd_channel_peek(int end, char *to, size_t size);

/* Sends a descriptor without blocking. false and errno. */
bool fd_channel_send(int end, int descriptor);
