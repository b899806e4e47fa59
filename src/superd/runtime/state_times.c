/* Adds up the time in each state when the state changes, so that no timer is needed. */
#include "superd/runtime/state_times.h"

#include <math.h>

void state_times_leave(struct state_times *times, enum state left, double now)
{
	times->seconds[left] += fmax(now - times->entered, 0);
	times->entered = now;
}

double state_times_in(const struct state_times *times, enum state state, enum state current, double since, double now)
{
	double here = state == current ? fmax(now - (times ? times->entered : since), 0) : 0;

	return (times ? times->seconds[state] : 0) + here;
}
