/* access_times: spans of the day.
 *
 * A span whose end is before its beginning goes over midnight. There is no 24:00: the last minute of a day is 23:59,
 * and a span includes its last minute. */
#include "config/access/times.h"

#include <ctype.h>
#include <stddef.h>

#define FORM "it is HH:MM-HH:MM, from 00:00 to 23:59"

/* One or two digits up to `most`; NULL: there are none. */
static const char *take_two(const char *text, unsigned most, unsigned *out)
{
	unsigned digits = 0;

	for (*out = 0; isdigit((unsigned char)*text) && digits < 2; digits++)
		*out = *out * 10 + (unsigned)(*text++ - '0');
	return digits && *out <= most ? text : NULL;
}

/* "8:05" too, as xinetd takes it. */
static const char *take_time(const char *text, unsigned *out)
{
	unsigned hour, minute;

	text = take_two(text, 23, &hour);
	if (!text || *text != ':')
		return NULL;
	text = take_two(text + 1, 59, &minute);
	*out = hour * 60 + minute;
	return text;
}

static bool take_span(const char *word, unsigned *first, unsigned *last)
{
	const char *text = take_time(word, first);

	if (!text || *text != '-')
		return false;
	text = take_time(text + 1, last);
	return text && !*text;
}

const char *times_refuse_word(const char *word)
{
	unsigned first, last;

	return take_span(word, &first, &last) ? NULL : FORM;
}

bool times_include(words spans, unsigned minute)
{
	if (!spans || !spans[0])
		return true;
	for (; *spans; spans++) {
		unsigned first, last;

		if (!take_span(*spans, &first, &last))
			continue;
		if (first <= last ? minute >= first && minute <= last : minute >= first || minute <= last)
			return true;
	}
	return false;
}
