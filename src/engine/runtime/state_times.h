/* How long a service was in each of its states: what an operator plots who wants to see how much it sleeps. A zeroed
 * struct has counted nothing. */
#pragma once

#include "engine/runtime/state_table.h"

struct state_times {
	double seconds[STATES];         /* of those it has left */
	double entered;                 /* when it came into the one it is in, loop time */
};

/* It leaves this state now, loop time. */
void state_times_leave(struct state_times *times, enum state left, double now);

/* Seconds in that state until now, when it is in this one; spent NULL: it has been in this one since `since`. */
double state_times_in(const struct state_times *times, enum state state, enum state current, double since, double now);
