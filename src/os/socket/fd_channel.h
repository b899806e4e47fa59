/* superd's end of a channel to one of its small programs: packets, which carry descriptors from superd alone. The
 * other end may be in wrong hands, so what comes is bounded and never believed. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Both ends, close-on-exec; ends[0] is superd's and non-blocking, and nobody may send it a descriptor. -1 and errno. */
int fd_channel_pair(int ends[2]);

/* Receives a packet, without waiting. Returns its length; 0: end; -1 and errno: EMSGSIZE: it was longer; EPERM: it
 * carries descriptors, stays in the queue, and nothing more can be read. */
ssize_t fd_channel_receive(int end, char *to, size_t size);

/* Sends a descriptor, without waiting. false and errno. */
bool fd_channel_send(int end, int descriptor);
