/* superd's end of a channel to one of its small programs: packets, which carry descriptors from superd alone. The
 * other end may be in wrong hands, so what comes is bounded and never believed. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Both ends, close-on-exec; ends[0] is superd's and non-blocking, and nobody may send it a descriptor. -1 and errno. */
int channel_pair(int ends[2]);

/* One packet, without waiting. Its length, 0 at the end, -1 and errno: EMSGSIZE when it was longer, EPERM when it
 * carries descriptors: then it stays, and nothing more is to be read there. */
ssize_t channel_take(int end, char *to, size_t size);

/* Sends a descriptor, without waiting. false and errno. */
bool channel_give(int end, int descriptor);
