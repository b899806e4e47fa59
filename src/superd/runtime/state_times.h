/* How long a service was in each of its states, so that an operator can plot how much it sleeps. Zeroed: nothing was
 * counted. */
#pragma once

#include "superd/runtime/state_table.h"

struct state_times {
	double seconds[STATES];         /* seconds in each state up to `entered` */
	double entered;                 /* loop time when it entered its present state */
};

/* Counts the time in `left`, the state that the service leaves at `now`, loop time. */
void state_times_leave(struct state_times *times, enum state left, double now);

/* Returns the seconds in `state` until `now`, for a service whose state is `current`. times NULL: it has been in
 * `current` since `since`. */
double state_times_in(const struct state_times *times, enum state state, enum state current, double since, double now);
