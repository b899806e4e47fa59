/* Times of the day (access_times). There is no 24:00: the last minute of a day is 23:59. */
#include "table/service/service.h"

#define FORM "expected HH:MM-HH:MM, from 00:00 to 23:59"

/* Parses one or two digits up to `most`. Returns the text behind them; NULL: there are none. */
static const char *parse_two_digits(const char *text, unsigned most, unsigned *out)
{
	unsigned digits = 0;

	for (*out = 0; isdigit((unsigned char)*text) && digits < 2; digits++)
		*out = *out * 10 + (unsigned)(*text++ - '0');
	return digits && *out <= most ? text : NULL;
}

/* Parses HH:MM, and H:MM as xinetd does, into a minute of the day. */
static const char *parse_time(const char *text, unsigned *out)
{
	unsigned hour, minute;

	text = parse_two_digits(text, 23, &hour);
	if (!text || *text != ':')
		return NULL;
	text = parse_two_digits(text + 1, 59, &minute);
	*out = hour * 60 + minute;
	return text;
}

static bool parse_span(const char *word, unsigned *first, unsigned *last)
{
	const char *text = parse_time(word, first);

	if (!text || *text != '-')
		return false;
	text = parse_time(text + 1, last);
	return text && !*text;
}

const char *times_refuse_word(const char *word)
{
	unsigned first, last;

	return parse_span(word, &first, &last) ? NULL : FORM;
}

bool times_include(words spans, unsigned minute)
{
	if (!spans || !spans[0])
		return true;
	for (; *spans; spans++) {
		unsigned first, last;

		if (!parse_span(*spans, &first, &last))
			continue;
		if (first <= last ? minute >= first && minute <= last : minute >= first || minute <= last)
			return true;
	}
	return false;
}
