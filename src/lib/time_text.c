/* Times as text. They may come over a socket and have any value. */
#include "lib/time_text.h"

#include <stdbool.h>
#include <stdio.h>
#include <time.h>

#define MOST 1e15                       /* seconds; far beyond every calendar */

static bool local_time(double unix_seconds, struct tm *tm)
{
	time_t seconds = unix_seconds > 0 && unix_seconds <= MOST ? (time_t)unix_seconds : 0;

	return seconds && localtime_r(&seconds, tm);
}

const char *time_write(char out[TIME_TEXT_MOST], double unix_seconds)
{
	struct tm tm;

	if (!local_time(unix_seconds, &tm) || !strftime(out, TIME_TEXT_MOST, "%a %Y-%m-%d %H:%M:%S", &tm))
		snprintf(out, TIME_TEXT_MOST, "an unknown time");
	return out;
}

const char *time_write_dated(char out[TIME_TEXT_MOST], double unix_seconds)
{
	struct tm tm;

	if (!local_time(unix_seconds, &tm) || !strftime(out, TIME_TEXT_MOST, "%b %d %H:%M:%S", &tm))
		snprintf(out, TIME_TEXT_MOST, "??? ?? ??:??:??");
	return out;
}

const char *time_write_short(char out[TIME_TEXT_MOST], double unix_seconds, double now)
{
	struct tm tm, today;
	bool knows_year = local_time(now, &today);

	if (!local_time(unix_seconds, &tm))
		snprintf(out, TIME_TEXT_MOST, "an unknown time");
	else if (!knows_year || today.tm_year != tm.tm_year)
		strftime(out, TIME_TEXT_MOST, "%Y-%m-%d %H:%M:%S", &tm);
	else if (today.tm_yday != tm.tm_yday)
		strftime(out, TIME_TEXT_MOST, "%b %d %H:%M:%S", &tm);
	else
		strftime(out, TIME_TEXT_MOST, "%H:%M:%S", &tm);
	return out;
}

const char *time_write_minute(char out[TIME_TEXT_MOST], double unix_seconds)
{
	struct tm tm;

	if (!local_time(unix_seconds, &tm) || !strftime(out, TIME_TEXT_MOST, "%H:%M", &tm))
		snprintf(out, TIME_TEXT_MOST, "??:??");
	return out;
}
