/* Aligned columns that fit the terminal.
 *
 * If it is too narrow, empty columns go first. Then the columns that may give are cut, one character at a time and
 * always the widest. If that is not enough, the last columns are left out. */
#include "cli/superctl/columns.h"

#include <assert.h>
#include <string.h>

#define GAP 2
#define LEFT_OUT 0 /* the width of a column that is left out */

void columns_begin(struct columns *columns, const struct column *list, size_t count)
{
	assert(count <= COLUMNS_MOST);
	*columns = (struct columns){ .list = list, .count = count };
	for (size_t i = 0; i < count; i++)
		columns->widths[i] = strlen(list[i].title);
}

void columns_add_text(struct columns *columns, enum style style, const char *text)
{
	size_t *width = &columns->widths[columns->cells % columns->count], own = screen_columns(text);

	if (own > *width)
		*width = own;
	columns->filled[columns->cells % columns->count] |= own > 0;
	for (const char *at = text; *at; at++)
		buf_char(&columns->text, *at == '\t' ? ' ' : *at);
	buf_char(&columns->text, '\0');
	buf_char(&columns->styles, (char)style);
	columns->cells++;
}

void columns_add(struct columns *columns, enum style style, struct buf *text)
{
	columns->text.failed |= text->failed;
	columns_add_text(columns, style, buf_string(text));
	buf_clear(text);
}

size_t columns_rows(const struct columns *columns)
{
	return columns->cells / columns->count;
}

/* The index of the widest column that may still be cut; columns->count: none. */
static size_t find_widest(const struct columns *columns, const size_t widths[])
{
	size_t widest = columns->count;

	for (size_t i = 0; i < columns->count; i++) {
		if (!columns->list[i].gives || widths[i] <= strlen(columns->list[i].title))
			continue;
		if (widest == columns->count || widths[i] > widths[widest])
			widest = i;
	}
	return widest;
}

/* Computes the width of each column, LEFT_OUT or more. Returns the number of columns that fit. */
static size_t fit(const struct columns *columns, size_t room, size_t widths[])
{
	size_t sum = 0, shown = columns->count, widest;

	memcpy(widths, columns->widths, sizeof(columns->widths));
	for (size_t i = 0; i < columns->count; i++)
		sum += widths[i] + (i ? GAP : 0);
	for (size_t i = columns->count; i-- > 1 && sum > room;) {
		if (columns->filled[i])
			continue;
		sum -= widths[i] + GAP;
		widths[i] = LEFT_OUT;
	}
	while (sum > room && (widest = find_widest(columns, widths)) < columns->count) {
		widths[widest]--;
		sum--;
	}
	for (; shown > 1 && sum > room; shown--)
		sum -= widths[shown - 1] == LEFT_OUT ? 0 : widths[shown - 1] + GAP;
	return shown;
}

static void add_blanks(struct buf *out, size_t count)
{
	for (; count; count--)
		buf_char(out, ' ');
}

/* Removes the blanks at the end of a line. */
static void trim(struct buf *out)
{
	size_t length = out->length;

	while (length && out->data[length - 1] == ' ')
		length--;
	(void)buf_cut(out, length);
}

static void add_cell(struct buf *out, const struct screen *screen, const char *text, enum style style, bool right,
		     size_t width, bool is_last)
{
	const char *mark = screen->unicode ? "…" : "~";
	size_t used = screen_columns(text), taken = strlen(text);
	bool is_cut = used > width;

	if (is_cut) {
		taken = screen_cut(text, width ? width - 1 : 0);
		used = width;
	}
	if (right)
		add_blanks(out, width - used);
	if (style != STYLE_PLAIN)
		screen_set(screen, out, style);
	buf_add(out, text, taken);
	if (is_cut)
		buf_text(out, mark);
	if (style != STYLE_PLAIN)
		screen_set(screen, out, STYLE_PLAIN);
	if (!right && !is_last)
		add_blanks(out, width - used);
}

static void add_titles(const struct columns *columns, const struct screen *screen, const size_t widths[], size_t shown,
		       struct buf *out)
{
	for (size_t i = 0; i < shown; i++) {
		if (widths[i] == LEFT_OUT)
			continue;
		if (i)
			add_blanks(out, GAP);
		add_cell(out, screen, columns->list[i].title, STYLE_BOLD, columns->list[i].right, widths[i],
			 i + 1 == shown);
	}
}

void columns_print(struct columns *columns, const struct screen *screen, size_t first, size_t most, const char *indent,
		   const char *end, struct buf *out)
{
	size_t widths[COLUMNS_MOST], shown, room = screen->width ? screen->width - strlen(indent) : SIZE_MAX, cell = 0;
	const char *text = buf_string(&columns->text);

	if (columns->text.failed || columns->styles.failed) {
		out->failed = true;
		return;
	}
	shown = fit(columns, room, widths);
	buf_text(out, indent);
	add_titles(columns, screen, widths, shown, out);
	buf_text(out, end);
	for (size_t row = 0; row < columns_rows(columns) && row < first + most; row++) {
		if (row >= first)
			buf_text(out, indent);
		for (size_t i = 0; i < columns->count; i++, cell++, text += strlen(text) + 1) {
			if (row < first || i >= shown || widths[i] == LEFT_OUT)
				continue;
			if (i)
				add_blanks(out, GAP);
			add_cell(out, screen, text, (enum style)columns->styles.data[cell], columns->list[i].right,
				 widths[i], i + 1 == shown);
		}
		if (row < first)
			continue;
		trim(out);
		buf_text(out, end);
	}
}

void columns_free(struct columns *columns)
{
	buf_free(&columns->text);
	buf_free(&columns->styles);
}
