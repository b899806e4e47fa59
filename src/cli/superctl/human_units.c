/* Numbers as people read them: ages, sizes, times.
 *
 * The numbers come over the socket and may have any value. A time outside every calendar, or an amount that fits into
 * no integer, is printed as unknown. */
#include "cli/superctl/human_units.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/duration_text.h"

#define MOST 1e15 /* bytes or seconds; a larger number counts as wrong */

static bool is_sane(double number)
{
	return number >= 0 && number <= MOST;
}

void human_units_add_age(struct buf *out, double seconds)
{
	char text[DURATION_MOST];

	buf_text(out, duration_write_whole(text, seconds));
}

void human_units_add_span(struct buf *out, double seconds)
{
	char text[DURATION_MOST];

	buf_text(out, duration_write(text, seconds));
}

void human_units_add_bytes(struct buf *out, double bytes)
{
	static const char units[] = "KMGTP";
	size_t i = 0;

	if (!is_sane(bytes)) {
		buf_char(out, '?');
		return;
	}
	if (bytes < 1024) {
		buf_addf(out, "%.0fB", bytes);
		return;
	}
	for (bytes /= 1024; bytes >= 1023.95 && units[i + 1]; i++)
		bytes /= 1024;
	buf_addf(out, "%.1f%c", bytes, units[i]);
}

static bool local_time(double unix_seconds, struct tm *tm)
{
	time_t seconds = is_sane(unix_seconds) ? (time_t)unix_seconds : 0;

	return seconds && localtime_r(&seconds, tm);
}

void human_units_add_time(struct buf *out, double unix_seconds)
{
	struct tm tm;
	char text[64];

	if (local_time(unix_seconds, &tm) && strftime(text, sizeof(text), "%a %Y-%m-%d %H:%M:%S", &tm))
		buf_text(out, text);
	else
		buf_text(out, "an unknown time");
}

void human_units_add_clock(struct buf *out, double unix_seconds)
{
	struct tm tm;
	char text[64];

	if (local_time(unix_seconds, &tm) && strftime(text, sizeof(text), "%b %d %H:%M:%S", &tm))
		buf_text(out, text);
	else
		buf_text(out, "??? ?? ??:??:??");
}

/* Writes the fewest digits that strtod(3) reads back as the same number. */
static void write_shortest(char *text, size_t size, double number)
{
	for (int digits = 1; digits <= 17; digits++) {
		snprintf(text, size, "%.*g", digits, number);
		if (strtod(text, NULL) == number)
			return;
	}
}

void human_units_add_float(struct buf *out, double number)
{
	char text[40] = "";

	if (!isfinite(number)) {
		buf_text(out, isnan(number) ? "NaN" : number > 0 ? "+Inf" : "-Inf");
		return;
	}
	if (fabs(number) < 1e6 && number == (double)(long)number)
		snprintf(text, sizeof(text), "%.0f", number);   /* 10.0, and not 1e+01, as OpenMetrics has it */
	else
		write_shortest(text, sizeof(text), number);
	buf_text(out, text);
	if (!strpbrk(text, ".e"))
		buf_text(out, ".0");
}
