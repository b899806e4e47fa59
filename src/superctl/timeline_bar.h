/* The bars of superd's answer to timeline --cells: one letter for each cell of time. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "lib/buf.h"

#define TIMELINE_CELLS_MOST 512         /* of a bar; superd takes no more */

struct timeline_phase {
	char letter;                    /* as superd sends it */
	const char *word;               /* for people */
	const char *class;              /* in the style sheet of the status page */
};

extern const struct timeline_phase timeline_phases[];
extern const size_t timeline_phase_count;

/* The bar of a service's line, at most TIMELINE_CELLS_MOST bytes; "": there is none. */
const char *timeline_bar(const json_t *line);

/* Adds the words of the phases in the bar: "asleep, running". */
void timeline_bar_add_words(struct buf *out, const char *bar);

/* The word and the class of the mark of a failure that was too short for its letter. */
#define TIMELINE_FAULT_WORD "failing for a moment"
#define TIMELINE_FAULT_CLASS "t-failed"

/* Adds such marks as one path, below the cells: as wide as they, and a third as high. Nothing if there are none. */
void timeline_bar_add_faults(struct buf *out, const json_t *line);
bool timeline_bar_has_faults(const json_t *line);

/* How much time a bar is about. */
struct timeline_span {
	double seconds;
	const char *since;              /* as an option of timeline */
	const char *title, *label;      /* in full, and short */
};

/* The shortest span that holds all of what superd has lived, so that the bar is not blank on the first day; at last 6 h. */
const struct timeline_span *timeline_span_of(double lived);

/* Adds the bar as one path of SVG for each phase in it; a cell is `width` wide and `height` high. */
void timeline_bar_add_paths(struct buf *out, const char *bar, unsigned width, unsigned height);

#define TIMELINE_TIMES_MOST 24

/* Chooses the times beside the bars: round ones of the local clock, with equal steps, from `from` on and before `until`,
 * Unix seconds, at multiples of 1, 2, 5, 10, 15 or 30 min, or of 1, 2, 3, 6 or 12 h since midnight: the least of these
 * steps that gives at most `most`, and TIMELINE_TIMES_MOST. most: 1 at least. Returns how many; 0: the two are no times
 * of a calendar. */
size_t timeline_axis(double from, double until, size_t most, double times[TIMELINE_TIMES_MOST]);
