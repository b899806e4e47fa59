/* Damps the freezing of a backend that flaps. After a short sleep (a nap) the backend is kept awake, each time for
 * twice as long; a sleep is short if it lasted less than NAP or less than the time the backend was kept awake before
 * it. */
#include "engine/freeze/frost_pace.h"

#include "base/clock.h"

/* Seconds. */
#define NAP 5.                          /* a sleep shorter than this is a nap */
#define FIRST 1.                        /* time awake after the first nap */
#define LONGEST 300.                    /* time awake at most */

void frost_pace_note(struct activity *activity, double slept)
{
	bool is_nap = slept < NAP || slept < activity->wakeful;
	double longer = activity->wakeful > 0 ? 2 * activity->wakeful : FIRST;

	activity->wakeful = !is_nap ? 0 : longer < LONGEST ? longer : LONGEST;
	activity->woken = clock_now();
}

double frost_pace_rested(const struct activity *activity)
{
	return activity->wakeful > 0 ? activity->woken + activity->wakeful : 0;
}
