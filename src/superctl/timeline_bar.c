/* Draws the bars of a timeline as SVG. A path holds all cells of its phase, and neighbours in one
 * rectangle, so that a page with 1,000 bars stays small. */
#include "superctl/timeline_bar.h"

#include <math.h>
#include <string.h>
#include <time.h>

#include "superctl/json_reply.h"

#define MINUTE 60.
#define HOUR 3600.
#define CALENDAR_MOST 1e15              /* seconds; far beyond every calendar */

const struct timeline_phase timeline_phases[] = {
	{ '-', "off", "t-off" },
	{ '.', "asleep", "t-asleep" },
	{ ':', "short wakes", "t-wakes" },
	{ '>', "starting", "t-starting" },
	{ '#', "awake", "t-running" },
	{ '~', "frozen", "t-frozen" },
	{ '=', "paused", "t-paused" },
	{ '!', "failing", "t-failed" },
};
const size_t timeline_phase_count = sizeof(timeline_phases) / sizeof(*timeline_phases);

const char *timeline_bar(const json_t *line)
{
	const char *bar = json_reply_text(line, "bar");

	return strnlen(bar, TIMELINE_CELLS_MOST + 1) <= TIMELINE_CELLS_MOST ? bar : "";
}

static size_t run_length(const char *bar)
{
	size_t length = 1;

	while (bar[length] == *bar)
		length++;
	return length;
}

void timeline_bar_add_words(struct buf *out, const char *bar)
{
	const char *between = "";

	for (size_t n = 0; n < timeline_phase_count; n++) {
		if (!strchr(bar, timeline_phases[n].letter))
			continue;
		buf_addf(out, "%s%s", between, timeline_phases[n].word);
		between = ", ";
	}
}

void timeline_bar_add_paths(struct buf *out, const char *bar, unsigned width, unsigned height)
{
	for (size_t n = 0; n < timeline_phase_count; n++) {
		const struct timeline_phase *phase = &timeline_phases[n];

		if (!strchr(bar, phase->letter))
			continue;
		buf_addf(out, "<path class=\"%s\" d=\"", phase->class);
		for (size_t at = 0, length; bar[at]; at += length) {
			length = run_length(bar + at);
			if (bar[at] == phase->letter)
				buf_addf(out, "M%zu 0h%zuv%uH%zuz", at * width, length * width, height, at * width);
		}
		buf_text(out, "\"/>");
	}
}

bool timeline_bar_has_faults(const json_t *line)
{
	return json_array_size(json_reply_list(line, "faults"));
}

void timeline_bar_add_faults(struct buf *out, const json_t *line)
{
	const json_t *faults = json_reply_list(line, "faults");

	if (!json_array_size(faults))
		return;
	buf_text(out, "<path class=\"" TIMELINE_FAULT_CLASS "\" d=\"");
	for (size_t n = 0; n < json_array_size(faults) && n < TIMELINE_CELLS_MOST; n++)
		buf_addf(out, "M%.0f .65h1v.35h-1z", json_number_value(json_array_get(faults, n)));
	buf_text(out, "\"/>");
}

const struct timeline_span *timeline_span_of(double lived)
{
	static const struct timeline_span spans[] = {
		{ 10 * MINUTE, "10min", "Last 10 min", "10 min" },
		{ HOUR, "1h", "Last hour", "1 hour" },
		{ 6 * HOUR, "6h", "Last 6 hours", "6 hours" },
	};
	size_t n = 0;

	while (n + 1 < sizeof(spans) / sizeof(*spans) && lived > spans[n].seconds)
		n++;
	return &spans[n];
}

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
