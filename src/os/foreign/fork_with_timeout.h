/* Runs work that may block in a process of its own, for a limited time. */
#pragma once

#include "base/buf.h"

#define WORK_TEXT_MOST (128 << 10)          /* bytes of a work's reason at most */

/* The work. Returns a descriptor (a socket or a FIFO), or -1 and errno. It runs in a copy of superd's memory without
 * superd's descriptors. */
typedef int timed_work(const void *with, struct buf *why, struct buf *warnings);

/* Does the work with one descriptor kept open (-1: none). Returns the work's descriptor, which the caller owns, or -1
 * and the work's errno, with its reason in why. ETIMEDOUT: it took longer than `milliseconds` (base/run_limit). */
int fork_with_timeout(timed_work *work, const void *with, int kept, int milliseconds, struct buf *why,
		      struct buf *warnings);
