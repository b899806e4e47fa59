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

/* Writes one digit behind the point, unless that digit is 0: at the end of out, as each client's program has one. */
static const char *write_tenths(char out[DURATION_MOST], int tenths, const char *unit)
{
	size_t size = strlen(unit) + 1;
	char *at = out + DURATION_MOST - size;

	memcpy(at, unit, size);
	*--at = ' ';
	if (tenths % 10) {
		*--at = (char)('0' + tenths % 10);
		*--at = '.';
	}
	return number_digits((uint64_t)(tenths / 10), at);
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
		return write_tenths(out, (int)(seconds * 1e6 + .5) * 10, "us");
	if (seconds < 0.00995)
		return write_tenths(out, (int)(seconds * 1e4 + .5), "ms");
	if (seconds < 0.9995)
		return write_tenths(out, (int)(seconds * 1e3 + .5) * 10, "ms");
	return write_tenths(out, (int)(seconds * 10 + .5), "s");
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
