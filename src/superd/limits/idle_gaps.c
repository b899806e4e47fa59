/* Adds up gaps without clients. */
#include "superd/limits/idle_gaps.h"

const double idle_gap_timeouts[IDLE_GAP_TIMEOUTS] = { 30, 300, 3600 };

void idle_gaps_add(struct idle_gaps *gaps, double seconds)
{
	for (unsigned n = 0; n < IDLE_GAP_TIMEOUTS && seconds > idle_gap_timeouts[n]; n++) {
		gaps->asleep[n] += seconds - idle_gap_timeouts[n];
		gaps->wakes[n]++;
	}
}

void idle_gaps_begin(struct idle_gaps *gaps, double now, double came)
{
	if (gaps->unused > 0 && came > gaps->unused)
		idle_gaps_add(gaps, came - gaps->unused);
	gaps->unused = 0;
	if (gaps->begun <= 0)
		gaps->begun = now;
}

double idle_gaps_asleep(const struct idle_gaps *gaps, unsigned timeout, double present)
{
	double more = present - idle_gap_timeouts[timeout];

	return gaps->asleep[timeout] + (more > 0 ? more : 0);
}
