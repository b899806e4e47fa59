/* superd's end of a channel to one of its small programs: packets that may carry a descriptor. The other end may be in
 * wrong hands, so what comes is bounded and never believed. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Both ends, close-on-exec; ends[0] is superd's and non-blocking. -1 and errno. */
int channel_pair(int ends[2]);

/* One packet, without waiting; at most one descriptor comes along, close-on-exec, else *descriptor is -1. Its length, 0 at
 * the end, -1 and errno: EMSGSIZE when it was longer. */
ssize_t channel_take(int end, char *to, size_t size, int *descriptor);

/* Sends a descriptor, without waiting. false and errno. */
bool channel_give(int end, int descriptor);

/* What tells a socket from all others, for as long as it is open; 0: it is none. */
ino_t channel_identify(int fd);
