/* Readings of clock_gettime(2). Async-signal-safe. */
#pragma once

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

double clock_now(void);                         /* seconds of CLOCK_MONOTONIC */
int64_t clock_ms(void);                         /* milliseconds of CLOCK_MONOTONIC */
double clock_wall(void);                        /* seconds of CLOCK_REALTIME: since 1970, and it may jump */

/* Waits of a process that has replaced another by execve(2) and cannot return to it. Its predecessor had enough memory
 * and descriptors, so a call that fails for lack of them may succeed a moment later. Only before the loop runs. */

#define PATIENCE_TRIES 50               /* 5 s in all */
#define PATIENCE_PAUSE 100              /* milliseconds */

/* Waits a moment before the next try. false: all tries are used up. A zeroed number begins. */
static inline bool patience_wait(unsigned *tries)
{
	if (*tries == PATIENCE_TRIES)
		return false;
	++*tries;
	poll(NULL, 0, PATIENCE_PAUSE);
	return true;
}
