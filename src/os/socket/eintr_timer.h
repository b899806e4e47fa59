/* For a system call on a descriptor that a backend has, too: O_NONBLOCK is its to clear at any moment, and the call
 * may wait then, whatever was seen before. So it is interrupted. */
#pragma once

/* From now on, a call of this thread that waits fails with EINTR within some milliseconds; until the second. Only
 * for the main thread, and not nested. Where no timer can be had, nothing is interrupted. */
void eintr_timer_begin(void);
void eintr_timer_end(void);
