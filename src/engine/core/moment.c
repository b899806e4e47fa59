/* The minute of the local day and the load average, kept for a minute and a second: localtime_r(3) and getloadavg(3)
 * are too expensive for every client. The clock may be set, so a minute holds only between its own two ends. */
#include "engine/core/moment.h"

#include <stdlib.h>

#define MINUTES 1440

unsigned moment_minute(struct moment *moment, double wall)
{
	time_t now = (time_t)wall;
	struct tm local;

	if (now >= moment->from && now < moment->until)
		return moment->minute;
	tzset();                        /* the zone may have been changed; localtime_r need not look */
	if (!localtime_r(&now, &local))
		return moment->minute;
	moment->minute = (unsigned)(local.tm_hour * 60 + local.tm_min);
	moment->from = now - local.tm_sec;
	moment->until = moment->from + 60;
	return moment->minute;
}

double moment_seconds_to(struct moment *moment, double wall, unsigned minute)
{
	unsigned now = moment_minute(moment, wall), minutes = (minute + MINUTES - now) % MINUTES;

	return (minutes ? minutes : MINUTES) * 60. - (wall - (double)moment->from);
}

int64_t moment_load(struct moment *moment, double now)
{
	double average;

	if (moment->looked > 0 && now - moment->looked < 1.)
		return moment->load;
	moment->looked = now;
	moment->load = getloadavg(&average, 1) == 1 ? (int64_t)(average * 1000) : -1;
	return moment->load;
}
