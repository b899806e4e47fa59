/* Size and colours of the terminal, and the width of text.
 *
 * Widths are counted in columns by wcwidth(3), in the locale's character set. buf_visible has already escaped the
 * control characters of the text. */
#include "superctl/screen.h"

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

static size_t environment_number(const char *name)
{
	const char *text = getenv(name);
	int64_t number;

	return text && !scan_count(text, &number) && number > 0 && number < 10000 ? (size_t)number : 0;
}

void screen_measure(struct screen *screen)
{
	struct winsize size;

	screen->width = screen->height = 0;
	if (!screen->is_terminal)
		return;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0) {
		screen->width = size.ws_col;
		screen->height = size.ws_row;
	}
	if (!screen->width)
		screen->width = environment_number("COLUMNS");
	if (!screen->height)
		screen->height = environment_number("LINES");
	screen->width = screen->width ? screen->width : 80;
	screen->height = screen->height ? screen->height : 24;
}

void screen_open(struct screen *screen, enum colour colour)
{
	const char *without = getenv("NO_COLOR"), *term = getenv("TERM");

	*screen = (struct screen){ .is_terminal = isatty(STDOUT_FILENO), .is_dumb = term && !strcmp(term, "dumb") };
	screen->colours = screen->is_terminal && !screen->is_dumb && !(without && *without);
	if (colour != COLOUR_AUTO)
		screen->colours = colour == COLOUR_ALWAYS;
	screen->unicode = !strcmp(nl_langinfo(CODESET), "UTF-8");
	screen_measure(screen);
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

size_t screen_columns(const char *text)
{
	size_t used = 0, width;

	while (*text) {
		text += measure_character(text, &width);
		used += width;
	}
	return used;
}
