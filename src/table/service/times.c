/* Times of the day (access_times). There is no 24:00: the last minute of a day is 23:59. */
#include "table/service/service.h"

#define FORM "expected HH:MM-HH:MM, from 00:00 to 23:59"

/* Parses HH:MM, and H:MM as xinetd does, into a minute of the day. Returns the text behind it; NULL: it is none. */
static const char *parse_time(const char *text, unsigned *out)
{
	size_t hours = strspn(text, DIGITS), minutes = text[hours] ? strspn(text + hours + 1, DIGITS) : 0;
	uint32_t hour, minute;

	if (hours > 2 || minutes > 2 || text[hours] != ':' || !scan_unsigned(text, hours, 23, &hour) ||
	    !scan_unsigned(text + hours + 1, minutes, 59, &minute))
		return NULL;
	*out = hour * 60 + minute;
	return text + hours + 1 + minutes;
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
