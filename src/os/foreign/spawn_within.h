/* A process of its own that does what superd must not wait for, and gets so much time. */
#pragma once

#include "base/buf.h"

#define SPAWN_TEXT (128 << 10)          /* bytes of a reason at most */

/* Gives a descriptor (a socket or a fifo), or -1 and errno; it runs in a copy of superd's memory without its descriptors. */
typedef int spawn_work(const void *with, struct buf *why, struct buf *warnings);

/* Does it, with one descriptor kept open (-1: none): the descriptor, or -1 and errno with the reason in why where it gave
 * one; ETIMEDOUT: it took too long. */
int spawn_within(spawn_work *work, const void *with, int kept, int milliseconds, struct buf *why,
		 struct buf *warnings);
