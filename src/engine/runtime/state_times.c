/* Adds up the time in each state when the state changes, so nothing runs while it lasts. */
#include "engine/runtime/state_times.h"

#include <math.h>

void state_times_leave(struct state_times *spent, enum state left, double now)
{
	spent->seconds[left] += fmax(now - spent->entered, 0);
	spent->entered = now;
}

double state_times_in(const struct state_times *spent, enum state state, enum state current, double since, double now)
{
	double here = state == current ? fmax(now - (spent ? spent->entered : since), 0) : 0;

	return (spent ? spent->seconds[state] : 0) + here;
}
