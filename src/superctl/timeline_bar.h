/* The bars of superd's answer to timeline --cells: one letter for each cell of time. */
#pragma once

#include <jansson.h>
#include <stddef.h>

#include "lib/buf.h"
#include "superctl/screen.h"

#define TIMELINE_CELLS_MOST 512         /* of a bar; superd takes no more */

struct timeline_phase {
	char letter;                    /* as superd sends it */
	const char *mark;               /* in a terminal with Unicode */
	const char *word;               /* for people */
	const char *class;              /* in the style sheets of SVG and of the status page */
	enum style style;
};

extern const struct timeline_phase timeline_phases[];
extern const size_t timeline_phase_count;

/* The bar of a service's line, at most TIMELINE_CELLS_MOST bytes; "": there is none. */
const char *timeline_bar(const json_t *line);

/* Adds the bar for a terminal. */
void timeline_bar_add(struct buf *out, const struct screen *screen, const char *bar);

/* Adds the words of the phases in the bar: "asleep, running". */
void timeline_bar_add_words(struct buf *out, const char *bar);

/* Adds the bar as one path of SVG for each phase in it; a cell is `width` wide and `height` high. */
void timeline_bar_add_paths(struct buf *out, const char *bar, unsigned width, unsigned height);
