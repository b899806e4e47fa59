/* Readings of clock_gettime(2). Async-signal-safe. */
#pragma once

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

double clock_now(void);                         /* seconds of CLOCK_MONOTONIC */
int64_t clock_ms(void);                         /* milliseconds of CLOCK_MONOTONIC */
double clock_wall(void);                        /* seconds of CLOCK_REALTIME: since 1970, and it may jump */

/* A time limit that does not run while the whole machine stands still, as a virtual machine whose host has no time for
 * it, or one that was suspended. Such a limit detects a peer that does not answer, and no peer can answer while the
 * machine stands still. superd checks it every RUN_LIMIT_STEP seconds, and the time between two checks counts as at
 * most that. */

#define RUN_LIMIT_STEP .025             /* seconds; more than a process waits for its turn on a busy machine */

struct run_limit {
	double left;                    /* seconds */
	double looked;                  /* clock_now() of the last look */
};

void run_limit_begin(struct run_limit *limit, double seconds);
double run_limit_left(struct run_limit *limit);         /* looks; returns seconds, 0: it is over */

/* Waits until the descriptor is readable. false: the time is over. */
bool run_limit_wait(struct run_limit *limit, int fd);

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
