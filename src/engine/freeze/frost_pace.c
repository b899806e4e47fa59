/* Damping. The hard thing is to tell a backend that flaps from one that is used now and then: the former does not sleep
 * for as long as it was kept awake for before. */
#include "engine/freeze/frost_pace.h"

/* Seconds. */
#define NAP 5.                          /* a shorter sleep was for nothing */
#define FIRST 1.
#define LONGEST 300.

void frost_pace_note(struct activity *activity, double slept)
{
	bool is_nap = slept < NAP || slept < activity->wakeful;
	double longer = activity->wakeful > 0 ? 2 * activity->wakeful : FIRST;

	activity->wakeful = !is_nap ? 0 : longer < LONGEST ? longer : LONGEST;
	activity->woken = engine_clock();
}

double frost_pace_rested(const struct activity *activity)
{
	return activity->wakeful > 0 ? activity->woken + activity->wakeful : 0;
}
