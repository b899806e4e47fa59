/* A time limit that does not run while the whole machine stands still, as a virtual machine whose host has no time for
 * it, or one that was suspended. Such a limit detects a peer that does not answer, and no peer can answer while the
 * machine stands still. superd checks it every RUN_LIMIT_STEP seconds, and the time between two checks counts as at
 * most that. */
#pragma once

#include <stdbool.h>

#define RUN_LIMIT_STEP .025             /* seconds; more than a process waits for its turn on a busy machine */

struct run_limit {
	double left;                    /* seconds */
	double looked;                  /* clock_now() of the last look */
};

void run_limit_begin(struct run_limit *limit, double seconds);
double run_limit_left(struct run_limit *limit);         /* looks; returns seconds, 0: it is over */

/* Waits until the descriptor is readable. false: the time is over. */
bool run_limit_wait(struct run_limit *limit, int fd);
