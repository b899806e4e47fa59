/* The minute of the local day and the load average, kept for a minute and a second: localtime_r(3) and getloadavg(3)
 * are too expensive for every client. The clock may be set, so a minute holds only between its own two ends. */
#include "superd/loop/time_cache.h"

#include <stdlib.h>

#define MINUTES 1440

unsigned time_cache_minute(struct time_cache *time_cache, double wall)
{
	time_t now = (time_t)wall;
	struct tm local;

	if (now >= time_cache->from && now < time_cache->until)
		return time_cache->minute;
	tzset();                        /* the zone may have been changed; localtime_r need not look */
	if (!localtime_r(&now, &local))
		return time_cache->minute;
	time_cache->minute = (unsigned)(local.tm_hour * 60 + local.tm_min);
	time_cache->from = now - local.tm_sec;
	time_cache->until = time_cache->from + 60;
	return time_cache->minute;
}

double time_cache_seconds_to(struct time_cache *time_cache, double wall, unsigned minute)
{
	unsigned now = time_cache_minute(time_cache, wall), minutes = (minute + MINUTES - now) % MINUTES;

	return (minutes ? minutes : MINUTES) * 60. - (wall - (double)time_cache->from);
}

int64_t time_cache_load(struct time_cache *time_cache, double now)
{
	double average;

	if (time_cache->looked > 0 && now - time_cache->looked < 1.)
		return time_cache->load;
	time_cache->looked = now;
	time_cache->load = getloadavg(&average, 1) == 1 ? (int64_t)(average * 1000) : -1;
	return time_cache->load;
}
