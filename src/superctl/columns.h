/* A table of aligned columns that fits the terminal. Empty columns are left out. If it is too wide, the widest of the
 * columns that may shrink is cut, and its cells end in an ellipsis. Then the last columns are left out, but none that
 * stays: rather than that, a line is longer than the terminal. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "lib/buf.h"
#include "superctl/screen.h"

#define COLUMNS_MOST 12

struct column {
	const char *title;
	bool right;                     /* its cells are aligned to the right, as numbers are */
	bool can_shrink;                /* it may be cut, but not below the width of its title */
	bool stays;                     /* it is never left out; the first column stays in any case */
};

struct columns {
	struct column list[COLUMNS_MOST];
	size_t count;                   /* of the columns, at most COLUMNS_MOST */
	size_t widths[COLUMNS_MOST];    /* in columns of the screen: that of the widest cell or the title */
	bool filled[COLUMNS_MOST];      /* whether any cell of the column has text */
	struct buf text;                /* the cells, each with its NUL */
	struct buf styles;              /* an enum style in a byte for each cell */
	size_t cells;                   /* number of cells so far */
};

/* The rows to print. */
struct columns_page {
	size_t most;                    /* number of rows at most */
	const char *indent;             /* text before each line */
};

void columns_begin(struct columns *columns, const struct column *list, size_t count);    /* copies the list */

/* Add the next cell, row by row. columns_add empties the buffer, whose text must be visible (buf_visible). */
void columns_add(struct columns *columns, enum style style, struct buf *text);
void columns_add_text(struct columns *columns, enum style style, const char *text);

/* Prints the titles and the rows of the page. */
void columns_print(struct columns *columns, const struct screen *screen, const struct columns_page *page,
		   struct buf *out);
size_t columns_rows(const struct columns *columns);
void columns_free(struct columns *columns);
