/* How long a backend that is to end may go on taking and serving the clients it has. By the clock alone a busy
 * machine, which gives it no time, would cut them off; so only such time counts as it could have used and did
 * not.
 *
 * Its patience is over when DRAIN_IDLE_MOST seconds were of no use: nobody of its clients has left, been taken
 * or been served in them, though its processes were not kept waiting for a processor or a disk. And after
 * DRAIN_DURATION_MOST in any case. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "engine/runtime/runtime.h"

#define DRAIN_IDLE_MOST 2.              /* seconds */
#define DRAIN_DURATION_MOST 30.

struct drain_deadline {
	double since, looked;           /* loop time */
	double idle;                    /* seconds of no use */
	double delay;                   /* what its processes had waited at the last look; below 0: unknown */
	bool measured;                  /* delay says something */
	unsigned left;                  /* the fewest clients so far */
};

void drain_deadline_begin(struct drain_deadline *deadline, double now);

/* After each look, whose result is how many clients it still has: in its queues, and being served. pid: its
 * main process; 0: there is none yet. */
bool drain_deadline_is_over(struct drain_deadline *deadline, double now, pid_t pid, unsigned left);

/* It is over, and the instance is ended though it has so many clients, or they wait at its sockets: counts and logs
 * that. */
void drain_deadline_log_over(struct service_runtime *runtime, pid_t pid, unsigned left);
