/* Sizes as text. The unit is chosen after rounding: 1023.96K are "1.0M". */
#include "lib/lib.h"

#define MOST 1e15                       /* bytes; a larger number is printed as "?" */

const char *size_write(char out[SIZE_TEXT_MOST], double bytes)
{
	static const char units[] = "KMGTP";
	size_t i = 0;

	if (!(bytes >= 0 && bytes <= MOST)) {
		snprintf(out, SIZE_TEXT_MOST, "?");
		return out;
	}
	if (bytes < 1024) {
		snprintf(out, SIZE_TEXT_MOST, "%.0fB", bytes);
		return out;
	}
	for (bytes /= 1024; bytes >= 1023.95 && units[i + 1]; i++)
		bytes /= 1024;
	snprintf(out, SIZE_TEXT_MOST, "%.1f%c", bytes, units[i]);
	return out;
}

/* Durations as text. The unit is chosen after rounding: 999.9 ms are "1 s". */

/* Writes one digit behind the point, unless that digit is 0. */
static void write_decimal(char out[DURATION_MOST], double number, const char *unit)
{
	int tenths = (int)(number * 10 + .5);

	if (tenths % 10)
		snprintf(out, DURATION_MOST, "%d.%d %s", tenths / 10, tenths % 10, unit);
	else
		snprintf(out, DURATION_MOST, "%d %s", tenths / 10, unit);
}

/* At most two units: "3 d 4 h", "5 min". */
const char *duration_write_whole(char out[DURATION_MOST], double seconds)
{
	static const struct {
		int64_t seconds;
		const char *name;
	} units[] = { { 86400, "d" }, { 3600, "h" }, { 60, "min" }, { 1, "s" } };
	int64_t left = seconds > 0 && seconds <= MOST ? (int64_t)seconds : 0;
	size_t n = 0;
	int length;

	if (!(seconds <= MOST)) {
		snprintf(out, DURATION_MOST, "?");
		return out;
	}
	while (n < 3 && left < units[n].seconds)
		n++;
	length = snprintf(out, DURATION_MOST, "%lld %s", (long long)(left / units[n].seconds), units[n].name);
	left %= units[n].seconds;
	if (n < 3 && left >= units[n + 1].seconds)
		snprintf(out + length, DURATION_MOST - (size_t)length, " %lld %s",
			 (long long)(left / units[n + 1].seconds), units[n + 1].name);
	return out;
}

const char *duration_write(char out[DURATION_MOST], double seconds)
{
	if (!(seconds > 0 && seconds < 10))
		return duration_write_whole(out, seconds);
	if (seconds < 0.0009995)
		snprintf(out, DURATION_MOST, "%d us", (int)(seconds * 1e6 + .5));
	else if (seconds < 0.00995)
		write_decimal(out, seconds * 1e3, "ms");
	else if (seconds < 0.9995)
		snprintf(out, DURATION_MOST, "%d ms", (int)(seconds * 1e3 + .5));
	else
		write_decimal(out, seconds, "s");
	return out;
}

/* Times as text. They may come over a socket and have any value. */

static bool local_time(double unix_seconds, struct tm *tm)
{
	time_t seconds = unix_seconds > 0 && unix_seconds <= MOST ? (time_t)unix_seconds : 0;

	return seconds && localtime_r(&seconds, tm);
}

const char *time_write_dated(char out[TIME_TEXT_MOST], double unix_seconds)
{
	struct tm tm;

	if (!local_time(unix_seconds, &tm) || !strftime(out, TIME_TEXT_MOST, "%b %d %H:%M:%S", &tm))
		snprintf(out, TIME_TEXT_MOST, "??? ?? ??:??:??");
	return out;
}

const char *time_write(char out[TIME_TEXT_MOST], double unix_seconds, double now)
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
