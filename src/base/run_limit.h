/* A time limit that a machine which stands still does not use up: a virtual machine whose host has no time for it, or one
 * that was suspended. Such a limit says that somebody does not answer, and while nothing runs nobody can. It is looked at
 * every RUN_LIMIT_STEP seconds, and what lies between two looks counts as at most that. */
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
