/* Size and colours of the terminal, and the width of text.
 *
 * Widths are counted in columns by wcwidth(3), in the locale's character set. buf_visible has already escaped the
 * control characters of the text. */
#include "superctl/superctl.h"

#include <assert.h>
#include <langinfo.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <wchar.h>

#include "lib/scan.h"

static const char *const codes[] = {
	[STYLE_PLAIN] = "\033[0m",   [STYLE_BOLD] = "\033[1m",	 [STYLE_DIM] = "\033[2m",   [STYLE_GREEN] = "\033[32m",
	[STYLE_YELLOW] = "\033[33m", [STYLE_RED] = "\033[1;31m", [STYLE_BLUE] = "\033[36m",
};

static size_t find_width(void)
{
	const char *columns = getenv("COLUMNS");
	struct winsize size;
	int64_t number;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col)
		return size.ws_col;
	return columns && !scan_count(columns, &number) && number > 0 && number < 10000 ? (size_t)number : 80;
}

void screen_open(struct screen *screen, enum colour colour)
{
	const char *without = getenv("NO_COLOR"), *term = getenv("TERM");

	*screen = (struct screen){ .is_terminal = isatty(STDOUT_FILENO) };
	screen->colours = screen->is_terminal && !(term && !strcmp(term, "dumb")) && !(without && *without);
	if (colour != COLOUR_AUTO)
		screen->colours = colour == COLOUR_ALWAYS;
	screen->unicode = !strcmp(nl_langinfo(CODESET), "UTF-8");
	screen->width = screen->is_terminal ? find_width() : 0;
}

void screen_set(const struct screen *screen, struct buf *out, enum style style)
{
	if (screen->colours)
		buf_text(out, codes[style]);
}

void screen_add(const struct screen *screen, struct buf *out, enum style style, const char *text)
{
	if (style == STYLE_PLAIN) {
		buf_text(out, text);
		return;
	}
	screen_set(screen, out, style);
	buf_text(out, text);
	screen_set(screen, out, STYLE_PLAIN);
}

/* Returns the length in bytes of the first character; *columns becomes its width. */
static size_t measure_character(const char *text, size_t *columns)
{
	mbstate_t state = { 0 };
	wchar_t wide;
	size_t bytes = mbrtowc(&wide, text, strlen(text), &state);
	int width;

	*columns = 1;
	if (bytes == (size_t)-1 || bytes == (size_t)-2 || !bytes)
		return 1;
	width = wcwidth(wide);
	if (width >= 0)
		*columns = (size_t)width;
	return bytes;
}

size_t screen_cut(const char *text, size_t columns)
{
	size_t at = 0, used = 0, width;

	while (text[at]) {
		size_t bytes = measure_character(text + at, &width);

		if (used + width > columns)
			break;
		used += width;
		at += bytes;
	}
	return at;
}

/* The width of visible text, in columns. */
static size_t screen_columns(const char *text)
{
	size_t used = 0, width;

	while (*text) {
		text += measure_character(text, &width);
		used += width;
	}
	return used;
}

/* Aligned columns that fit the terminal.
 *
 * Empty columns are left out. If the terminal is too narrow, the columns that may shrink are cut, always the
 * widest one by one character. If that is not enough, the last columns are left out, except those that stay. */

#define GAP 2    /* blanks between two columns */
#define HIDDEN 0 /* the width of a column that is left out */

struct cell {
	const char *text;
	enum style style;
	size_t width;                   /* of its column */
	bool right;                     /* aligned to the right */
	bool is_last;                   /* in its row: no blanks behind it */
};

void columns_begin(struct columns *columns, const struct column *list, size_t count)
{
	assert(count <= COLUMNS_MOST);
	*columns = (struct columns){ .count = count };
	memcpy(columns->list, list, count * sizeof(*list));
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
		if (!columns->list[i].can_shrink || widths[i] <= strlen(columns->list[i].title))
			continue;
		if (widest == columns->count || widths[i] > widths[widest])
			widest = i;
	}
	return widest;
}

/* Computes the width of each column; HIDDEN: it is left out. Returns the number of columns up to the last one shown. */
static size_t fit_widths(const struct columns *columns, size_t room, size_t widths[])
{
	size_t sum = 0, shown = columns->count, widest;

	memcpy(widths, columns->widths, sizeof(columns->widths));
	for (size_t i = 0; i < columns->count; i++)
		sum += widths[i] + (i ? GAP : 0);
	for (size_t i = columns->count; i-- > 1;) {
		if (columns->filled[i] || !columns->cells)
			continue;
		sum -= widths[i] + GAP;
		widths[i] = HIDDEN;
	}
	while (sum > room && (widest = find_widest(columns, widths)) < columns->count) {
		widths[widest]--;
		sum--;
	}
	for (size_t i = columns->count; i-- > 1 && sum > room;) {
		if (columns->list[i].stays || widths[i] == HIDDEN)
			continue;
		sum -= widths[i] + GAP;
		widths[i] = HIDDEN;
	}
	while (shown > 1 && widths[shown - 1] == HIDDEN)
		shown--;
	return shown;
}

static void add_blanks(struct buf *out, size_t count)
{
	for (; count; count--)
		buf_char(out, ' ');
}

/* Removes the blanks at the end of a line. */
static void trim_blanks(struct buf *out)
{
	size_t length = out->length;

	while (length && out->data[length - 1] == ' ')
		length--;
	(void)buf_cut(out, length);
}

static void add_cell(struct buf *out, const struct screen *screen, const struct cell *cell)
{
	const char *mark = screen->unicode ? "…" : "~";
	size_t used = screen_columns(cell->text), length = strlen(cell->text);
	bool is_cut = used > cell->width;

	if (is_cut) {
		length = screen_cut(cell->text, cell->width ? cell->width - 1 : 0);
		used = cell->width;
	}
	if (cell->right)
		add_blanks(out, cell->width - used);
	if (cell->style != STYLE_PLAIN)
		screen_set(screen, out, cell->style);
	buf_add(out, cell->text, length);
	if (is_cut)
		buf_text(out, mark);
	if (cell->style != STYLE_PLAIN)
		screen_set(screen, out, STYLE_PLAIN);
	if (!cell->right && !cell->is_last)
		add_blanks(out, cell->width - used);
}

static void add_titles(const struct columns *columns, const struct screen *screen, const size_t widths[], size_t shown,
		       struct buf *out)
{
	for (size_t i = 0; i < shown; i++) {
		const struct column *column = &columns->list[i];
		struct cell cell = { column->title, STYLE_BOLD, widths[i], column->right, i + 1 == shown };

		if (widths[i] == HIDDEN)
			continue;
		if (i)
			add_blanks(out, GAP);
		add_cell(out, screen, &cell);
	}
}

void columns_print(struct columns *columns, const struct screen *screen, const char *indent, struct buf *out)
{
	size_t room = screen->width ? screen->width - strlen(indent) : SIZE_MAX;
	size_t widths[COLUMNS_MOST], shown, at = 0;
	const char *text = buf_string(&columns->text);

	shown = fit_widths(columns, room, widths);
	buf_text(out, indent);
	add_titles(columns, screen, widths, shown, out);
	buf_char(out, '\n');
	for (size_t row = 0; row < columns_rows(columns); row++) {
		buf_text(out, indent);
		for (size_t i = 0; i < columns->count; i++, at++, text += strlen(text) + 1) {
			struct cell cell = { text, (enum style)columns->styles.data[at], widths[i],
					     columns->list[i].right, i + 1 == shown };

			if (i >= shown || widths[i] == HIDDEN)
				continue;
			if (i)
				add_blanks(out, GAP);
			add_cell(out, screen, &cell);
		}
		trim_blanks(out);
		buf_char(out, '\n');
	}
}

void columns_free(struct columns *columns)
{
	buf_free(&columns->text);
	buf_free(&columns->styles);
}
