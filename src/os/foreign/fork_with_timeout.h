/* Runs work that may block in a process of its own, for a limited time. */
#pragma once

#include "base/buf.h"

#define SPAWN_TEXT (128 << 10)          /* bytes of a reason at most */

/* The work: returns a descriptor (a socket or a fifo), or -1 and errno. It runs in a copy of superd's memory, without
 * superd's descriptors. */
typedef int timed_work(const void *with, struct buf *why, struct buf *warnings);

/* Does the work, with one descriptor kept open (-1: none). Returns the work's descriptor, or -1 and errno, with the
 * work's reason in why; ETIMEDOUT: it took too long. */
int fork_with_timeout(timed_work *work, const void *with, int kept, int milliseconds, struct buf *why,
		      struct buf *warnings);
