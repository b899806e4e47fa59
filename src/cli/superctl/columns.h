/* A table of aligned columns that fits the terminal: when it is too wide, empty columns are left out, then the widest
 * column of those that may gives way first, and ends in an ellipsis. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "cli/superctl/screen.h"

#define COLUMNS_MOST 12

struct column {
	const char *title;
	bool right;                     /* its cells stand to the right: numbers */
	bool gives;                     /* may be cut, but not below its title */
};

struct columns {
	const struct column *list;
	size_t count;
	size_t widths[COLUMNS_MOST];
	bool filled[COLUMNS_MOST];      /* some cell of it has text */
	struct buf text;                /* the cells, each with its NUL */
	struct buf styles;              /* a byte a cell */
	size_t cells;
};

void columns_begin(struct columns *columns, const struct column *list, size_t count);

/* The next cell, row by row; what a buffer holds is visible already, and is cleared. */
void columns_add(struct columns *columns, enum style style, struct buf *text);
void columns_add_text(struct columns *columns, enum style style, const char *text);

/* Prints the titles and the rows from `first` on, at most `most` of them, with what stands before and behind each line. */
void columns_print(struct columns *columns, const struct screen *screen, size_t first, size_t most, const char *indent,
		   const char *end, struct buf *out);
size_t columns_rows(const struct columns *columns);
void columns_free(struct columns *columns);
