/* Where superctl writes to: a terminal with its width and colours, or a file. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "cli/superctl/options.h"

enum style { STYLE_PLAIN, STYLE_BOLD, STYLE_DIM, STYLE_GREEN, STYLE_YELLOW, STYLE_RED, STYLE_BLUE, STYLE_TITLE };

struct screen {
	bool is_terminal;               /* stdout */
	bool colours;
	bool unicode;
	size_t width, height;           /* 0: without bound */
};

/* colours as --color, $NO_COLOR (no-color.org) and $TERM say. */
void screen_open(struct screen *screen, enum colour colour);
void screen_measure(struct screen *screen);                     /* again, after a change of size */

void screen_set(const struct screen *screen, struct buf *out, enum style style);      /* STYLE_PLAIN ends it */
void screen_add(const struct screen *screen, struct buf *out, enum style style, const char *text);

/* The mark before a service, coloured by its state; one column wide. busy: it has instances, which says more than that it
 * listens. */
void screen_add_dot(const struct screen *screen, struct buf *out, const char *state, bool busy);
enum style screen_style_of(const char *state);

/* Columns that a visible text takes, and its end after at most so many. */
size_t screen_columns(const char *text);
size_t screen_cut(const char *text, size_t columns);
