/* Numbers as people read them: ages, sizes, times. */
#include "superctl/human_units.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/units.h"

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
	char text[SIZE_TEXT_MOST];

	buf_text(out, size_write(text, bytes));
}

void human_units_add_time(struct buf *out, double unix_seconds)
{
	char text[TIME_TEXT_MOST];

	buf_text(out, time_write(text, unix_seconds));
}

void human_units_add_clock(struct buf *out, double unix_seconds)
{
	char text[TIME_TEXT_MOST];

	buf_text(out, time_write_short(text, unix_seconds, (double)time(NULL)));
}

void human_units_add_dated(struct buf *out, double unix_seconds)
{
	char text[TIME_TEXT_MOST];

	buf_text(out, time_write_dated(text, unix_seconds));
}

void human_units_add_minute(struct buf *out, double unix_seconds)
{
	char text[TIME_TEXT_MOST];

	buf_text(out, time_write_minute(text, unix_seconds));
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
		snprintf(text, sizeof(text), "%.0f", number);   /* 10.0, and not 1e+01 */
	else
		write_shortest(text, sizeof(text), number);
	buf_text(out, text);
	if (!strpbrk(text, ".e"))
		buf_text(out, ".0");
}
