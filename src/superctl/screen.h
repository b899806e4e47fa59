/* The terminal or file that superctl writes to: its size, its colours, and the width of text. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "lib/buf.h"
#include "superctl/options.h"

enum style { STYLE_PLAIN, STYLE_BOLD, STYLE_DIM, STYLE_GREEN, STYLE_YELLOW, STYLE_RED, STYLE_BLUE };

struct screen {
	bool is_terminal;               /* stdout is a terminal */
	bool colours;                   /* escape sequences are allowed */
	bool is_dumb;                   /* TERM=dumb: a terminal that only knows lines of text */
	bool unicode;                   /* the locale's character set is UTF-8 */
	size_t width, height;           /* in characters; 0: no limit */
};

/* Sets the colours by --color, $NO_COLOR (no-color.org) and $TERM. */
void screen_open(struct screen *screen, enum colour colour);
void screen_measure(struct screen *screen);                     /* reads the size again */

/* Adds the escape sequence of a style. STYLE_PLAIN ends the style before. */
void screen_set(const struct screen *screen, struct buf *out, enum style style);
void screen_add(const struct screen *screen, struct buf *out, enum style style, const char *text);

size_t screen_columns(const char *text);                        /* the width of visible text, in columns */
size_t screen_cut(const char *text, size_t columns);            /* the number of bytes that fit into so many */
