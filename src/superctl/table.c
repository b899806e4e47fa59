/* Size and colours of the terminal, and the width of text.
 *
 * Widths are counted in columns by wcwidth(3), in the locale's character set. buf_visible has already escaped the
 * control characters of the text. */
#include "superctl/superctl.h"

#include <assert.h>
#include <langinfo.h>
#include <sys/ioctl.h>
#include <wchar.h>

static const char *const codes[] = {
	[STYLE_PLAIN] = "\033[0m",   [STYLE_BOLD] = "\033[1m",	 [STYLE_DIM] = "\033[2m",   [STYLE_GREEN] = "\033[32m",
	[STYLE_YELLOW] = "\033[33m", [STYLE_RED] = "\033[1;31m", [STYLE_BLUE] = "\033[36m",
};

void screen_open(struct screen *screen, enum colour colour)
{
	const char *without = getenv("NO_COLOR"), *term = getenv("TERM"), *columns = getenv("COLUMNS");
	struct winsize size;
	int64_t number;

	*screen = (struct screen){ .is_terminal = isatty(STDOUT_FILENO) };
	screen->colours = screen->is_terminal && !(term && !strcmp(term, "dumb")) && !(without && *without);
	if (colour != COLOUR_AUTO)
		screen->colours = colour == COLOUR_ALWAYS;
	screen->unicode = !strcmp(nl_langinfo(CODESET), "UTF-8");
	if (screen->is_terminal && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col)
		screen->width = size.ws_col;
	else if (screen->is_terminal)
		screen->width =
			columns && !scan_count(columns, &number) && number > 0 && number < 10000 ? (size_t)number : 80;
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

/* The number of bytes that fit into so many columns. *used: the columns that they take. */
static size_t screen_cut(const char *text, size_t columns, size_t *used)
{
	size_t at = 0, width;

	for (*used = 0; text[at]; *used += width) {
		size_t bytes = measure_character(text + at, &width);

		if (*used + width > columns)
			break;
		at += bytes;
	}
	return at;
}

/* The width of visible text, in columns. */
static size_t screen_columns(const char *text)
{
	size_t used;

	screen_cut(text, SIZE_MAX, &used);
	return used;
}

/* Aligned columns. A line that is longer than the terminal is cut. */

#define GAP 2 /* blanks between two columns */

void columns_begin(struct columns *columns, const struct column *list, size_t count)
{
	assert(count <= COLUMNS_MOST);
	*columns = (struct columns){ .count = count };
	memcpy(columns->list, list, count * sizeof(*list));
}

void columns_add(struct columns *columns, enum style style, struct buf *text)
{
	size_t *width = &columns->widths[columns->cells % columns->count], own = screen_columns(buf_string(text));

	if (own > *width)
		*width = own;
	for (const char *at = buf_string(text); *at; at++)
		buf_char(&columns->text, *at == '\t' ? ' ' : *at);
	buf_char(&columns->text, '\0');
	buf_char(&columns->styles, (char)style);
	columns->cells++;
	buf_clear(text);
}

size_t columns_rows(const struct columns *columns)
{
	return columns->cells / columns->count;
}

/* left: columns of the terminal. */
static void add_cell(struct buf *out, const struct screen *screen, enum style style, const char *text, size_t width,
		     bool right, size_t *left)
{
	size_t used = screen_columns(text), shown, before = right ? width - used : 0, length = strlen(text);
	bool is_cut = before + used > *left;

	if (is_cut && before >= *left) {
		*left = 0;
		return;
	}
	if (is_cut)
		length = screen_cut(text, *left - before - 1, &shown);
	buf_addf(out, "%*s", (int)before, "");
	if (style != STYLE_PLAIN)
		screen_set(screen, out, style);
	buf_add(out, text, length);
	if (is_cut)
		buf_text(out, screen->unicode ? "…" : "~");
	if (style != STYLE_PLAIN)
		screen_set(screen, out, STYLE_PLAIN);
	if (!is_cut)
		buf_addf(out, "%*s", (int)(width - before - used), "");
	*left -= is_cut || width > *left ? *left : width;
}

void columns_print(struct columns *columns, const struct screen *screen, const char *indent, struct buf *out)
{
	const char *text = buf_string(&columns->text);

	for (size_t row = 0, at = 0; row <= columns_rows(columns); row++) {
		size_t left = screen->width ? screen->width - strlen(indent) : SIZE_MAX;

		buf_text(out, indent);
		for (size_t i = 0; i < columns->count; i++) {
			const struct column *column = &columns->list[i];
			size_t title = strlen(column->title), cells = columns->widths[i];
			const char *cell = row ? text : column->title;
			enum style style = row ? (enum style)columns->styles.data[at++] : STYLE_BOLD;

			text += row ? strlen(text) + 1 : 0;
			if (!left || (i && !cells)) /* an empty column */
				continue;
			if (i) {
				buf_addf(out, "%*s", GAP, "");
				left -= left < GAP ? left : GAP;
			}
			add_cell(out, screen, style, cell, cells > title ? cells : title, column->right, &left);
		}
		while (out->length && out->data[out->length - 1] == ' ')
			(void)buf_cut(out, out->length - 1);
		buf_char(out, '\n');
	}
}

void columns_free(struct columns *columns)
{
	buf_free(&columns->text);
	buf_free(&columns->styles);
}
