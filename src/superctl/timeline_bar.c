/* Draws the bars of a timeline for terminals and as SVG. A path holds all cells of its phase, and neighbours in one
 * rectangle, so that a page with 1,000 bars stays small. */
#include "superctl/timeline_bar.h"

#include <string.h>

#include "superctl/json_reply.h"

const struct timeline_phase timeline_phases[] = {
	{ '-', "-", "off", "t-off", STYLE_DIM },
	{ '.', "·", "asleep", "t-asleep", STYLE_DIM },
	{ ':', "▂", "short wakes", "t-wakes", STYLE_GREEN },
	{ '>', "▒", "starting", "t-starting", STYLE_YELLOW },
	{ '#', "█", "awake", "t-running", STYLE_GREEN },
	{ '~', "▄", "frozen", "t-frozen", STYLE_BLUE },
	{ '=', "=", "paused", "t-paused", STYLE_YELLOW },
	{ '!', "!", "failing", "t-failed", STYLE_RED },
};
const size_t timeline_phase_count = sizeof(timeline_phases) / sizeof(*timeline_phases);

const char *timeline_bar(const json_t *line)
{
	const char *bar = json_reply_text(line, "bar");

	return strnlen(bar, TIMELINE_CELLS_MOST + 1) <= TIMELINE_CELLS_MOST ? bar : "";
}

/* The phase of a letter; NULL: unknown, as a blank is. */
static const struct timeline_phase *timeline_phase(char letter)
{
	for (size_t n = 0; n < timeline_phase_count; n++) {
		if (timeline_phases[n].letter == letter)
			return &timeline_phases[n];
	}
	return NULL;
}

static size_t run_length(const char *bar)
{
	size_t length = 1;

	while (bar[length] == *bar)
		length++;
	return length;
}

void timeline_bar_add(struct buf *out, const struct screen *screen, const char *bar)
{
	for (size_t length; *bar; bar += length) {
		const struct timeline_phase *phase = timeline_phase(*bar);

		length = run_length(bar);
		if (phase)
			screen_set(screen, out, phase->style);
		for (size_t n = 0; n < length; n++)
			buf_addf(out, "%s", !phase ? " " : screen->unicode ? phase->mark : (char[]){ *bar, '\0' });
		if (phase)
			screen_set(screen, out, STYLE_PLAIN);
	}
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
