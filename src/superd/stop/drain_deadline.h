/* How long a backend may continue to serve its clients before superd stops it. A limit by the clock alone would cut
 * clients off on a busy machine, where the backend gets no processor. So only time counts that the backend could have
 * used and did not use.
 *
 * The deadline is over when for DRAIN_IDLE_MOST seconds the number of clients has not fallen although the backend's
 * processes were not waiting for a processor or a disk; and after DRAIN_DURATION_MOST seconds in any case. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "superd/instance/runtime.h"

#define DRAIN_IDLE_MOST 2.              /* seconds that the backend may leave unused */
#define DRAIN_DURATION_MOST 30.         /* seconds in all */

struct drain_deadline {
	struct {                        /* saved */
		double since;           /* loop time of the beginning */
	};
	double looked;                  /* loop time of the last look, or of the last progress */
	double idle;                    /* unused seconds since the last progress */
	/* Seconds that its process had waited for a processor at the last look since the last progress; below 0: unknown. */
	double delay;
	unsigned left;                  /* fewest clients so far */
};

void drain_deadline_begin(struct drain_deadline *deadline, double now);

/* Called after each look. left: number of clients, in its queues and being served. pid: its main process; 0: none
 * yet. */
bool drain_deadline_is_over(struct drain_deadline *deadline, double now, pid_t pid, unsigned left);

/* Counts and logs that superd stops the instance although so many clients are left. */
void drain_deadline_log_over(struct service_runtime *runtime, pid_t pid, unsigned left);
