/* Spans of time as systemd writes them.
 *
 * They look like superd's own and differ: m is a minute and M a month, blanks may stand anywhere, and consecutive
 * numbers add up. Source: systemd.time(7), "PARSING TIME SPANS". */
#include "read/systemd/unit.h"

#include <string.h>

#include "lib/scan.h"

static const char wrong_span[] =
	"a time span consists of numbers with units, us, ms, s, min, h, d, w, M or y, or is infinity";
static const char too_long[] = "the span is too long: infinity is one that never ends";

static const struct {
	const char *name;
	int64_t factor;
} spans[] = {
	{ "", 1000000 },
	{ "us", 1 }, { "usec", 1 }, { "µs", 1 }, { "μs", 1 },
	{ "ms", 1000 }, { "msec", 1000 },
	{ "s", 1000000 }, { "sec", 1000000 }, { "second", 1000000 }, { "seconds", 1000000 },
	{ "m", 60000000 }, { "min", 60000000 }, { "minute", 60000000 }, { "minutes", 60000000 },
	{ "h", 3600000000 }, { "hr", 3600000000 }, { "hour", 3600000000 }, { "hours", 3600000000 },
	{ "d", 86400000000 }, { "day", 86400000000 }, { "days", 86400000000 },
	{ "w", 604800000000 }, { "week", 604800000000 }, { "weeks", 604800000000 },
	{ "M", 2629800000000 }, { "month", 2629800000000 }, { "months", 2629800000000 },
	{ "y", 31557600000000 }, { "year", 31557600000000 }, { "years", 31557600000000 },
};

static const char *skip_blanks(const char *text)
{
	return text + strspn(text, " \t\r\n");
}

/* The microseconds of the unit at *text, which moves behind it; 0: it is no unit. */
static int64_t scan_time_unit(const char **text)
{
	const char *word = skip_blanks(*text);
	size_t length = strcspn(word, " \t\r\n0123456789.+-");

	for (size_t i = 0; i < sizeof(spans) / sizeof(*spans); i++) {
		if (scan_is_word(word, length, spans[i].name)) {
			*text = word + length;
			return spans[i].factor;
		}
	}
	return 0;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Adds one number with its unit; fractions finer than a microsecond are lost. */
static const char *add_number(const char **text, int64_t *sum)
{
	int64_t whole = 0, fraction = 0, scale = 1, factor, part;
	const char *at = *text, *behind;
	bool is_number = is_digit(*at);

	for (; is_digit(*at); at++) {
		if (__builtin_mul_overflow(whole, 10, &whole) || __builtin_add_overflow(whole, *at - '0', &whole))
			return too_long;
	}
	if (*at == '.')
		is_number = is_digit(*++at);
	for (; is_digit(*at); at++) {
		if (scale < 1000000) {
			fraction = fraction * 10 + (*at - '0');
			scale *= 10;
		}
	}
	if (!is_number)
		return wrong_span;
	behind = at;
	factor = scan_time_unit(&at);
	if (!factor || (at == behind && *at))
		return wrong_span;           /* as 12.34.56 */
	if (__builtin_mul_overflow(whole, factor, &part) || __builtin_add_overflow(*sum, part, sum) ||
	    __builtin_add_overflow(*sum, fraction * (factor / scale) + fraction * (factor % scale) / scale, sum))
		return too_long;
	*text = at;
	return NULL;
}

const char *unit_scan_timespan(const char *text, int64_t *microseconds)
{
	const char *problem = NULL;
	int64_t sum = 0;

	text = skip_blanks(text);
	if (!strncmp(text, "infinity", 8) && !*skip_blanks(text + 8)) {
		*microseconds = SCAN_INFINITY;
		return NULL;
	}
	do {
		problem = add_number(&text, &sum);
		text = skip_blanks(text);
	} while (!problem && *text);
	if (!problem)
		*microseconds = sum;
	return problem;
}
