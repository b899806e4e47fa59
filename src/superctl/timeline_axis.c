/* Chooses the times beside the bars of a timeline. */
#include "superctl/timeline_axis.h"

#include <math.h>
#include <stdbool.h>
#include <time.h>

#define MINUTE 60.
#define HOUR 3600.
#define CALENDAR_MOST 1e15              /* seconds; far beyond every calendar */

static const double steps[] = {
	MINUTE, 2 * MINUTE, 5 * MINUTE, 10 * MINUTE, 15 * MINUTE, 30 * MINUTE,
	HOUR, 2 * HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR,
};

/* How far the local clock is ahead of UTC, in seconds. */
static bool local_offset(double unix_seconds, double *offset)
{
	time_t seconds = unix_seconds > 0 && unix_seconds <= CALENDAR_MOST ? (time_t)unix_seconds : 0;
	struct tm tm;

	if (!seconds || !localtime_r(&seconds, &tm))
		return false;
	*offset = (double)tm.tm_gmtoff;
	return true;
}

size_t timeline_axis(double from, double until, size_t most, double times[TIMELINE_TIMES_MOST])
{
	double offset, step = 0, first = 0;
	size_t count = 0;

	if (!local_offset(from, &offset) || !(until > from && until <= CALENDAR_MOST))
		return 0;
	if (most > TIMELINE_TIMES_MOST)
		most = TIMELINE_TIMES_MOST;
	for (size_t n = 0; n < sizeof(steps) / sizeof(*steps); n++) {
		step = steps[n];
		first = ceil((from + offset) / step) * step - offset;
		if (first + (double)most * step >= until)
			break;
	}
	for (double at = first; at < until && count < most; at += step)
		times[count++] = at;
	return count;
}
