/* Durations as text. The unit is chosen after rounding: 999.9 ms are "1 s". */
#include "lib/duration_text.h"

#include <stdint.h>
#include <stdio.h>

#define MOST 1e15                       /* seconds; a larger number is printed as "?" */

/* Writes at most two units: "3 d 4 h", "5 min". */
static void write_two_units(char out[DURATION_MOST], int64_t seconds)
{
	static const struct {
		int64_t seconds;
		const char *name;
	} units[] = { { 86400, "d" }, { 3600, "h" }, { 60, "min" }, { 1, "s" } };
	size_t i = 0;
	int length;

	while (i < 3 && seconds < units[i].seconds)
		i++;
	length = snprintf(out, DURATION_MOST, "%lld %s", (long long)(seconds / units[i].seconds), units[i].name);
	seconds %= units[i].seconds;
	if (i < 3 && seconds >= units[i + 1].seconds)
		snprintf(out + length, DURATION_MOST - (size_t)length, " %lld %s",
			 (long long)(seconds / units[i + 1].seconds), units[i + 1].name);
}

/* Writes one digit behind the point, unless that digit is 0. */
static void write_decimal(char out[DURATION_MOST], double number, const char *unit)
{
	int tenths = (int)(number * 10 + .5);

	if (tenths % 10)
		snprintf(out, DURATION_MOST, "%d.%d %s", tenths / 10, tenths % 10, unit);
	else
		snprintf(out, DURATION_MOST, "%d %s", tenths / 10, unit);
}

const char *duration_write_whole(char out[DURATION_MOST], double seconds)
{
	if (seconds < 0)
		seconds = 0;
	if (seconds <= MOST)
		write_two_units(out, (int64_t)seconds);
	else
		snprintf(out, DURATION_MOST, "?");
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
