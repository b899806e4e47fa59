/* UTF-8, RFC 3629. */
#include "lib/utf8.h"

/* Whether the second byte may follow the first (RFC 3629, section 4; Unicode, table 3-7). */
static bool is_valid_second(unsigned char first, unsigned char second)
{
	switch (first) {
	case 0xe0: return second >= 0xa0 && second <= 0xbf;
	case 0xed: return second >= 0x80 && second <= 0x9f;
	case 0xf0: return second >= 0x90 && second <= 0xbf;
	case 0xf4: return second >= 0x80 && second <= 0x8f;
	default: return second >= 0x80 && second <= 0xbf;
	}
}

size_t utf8_length(const unsigned char *text, size_t left)
{
	unsigned char first = text[0];
	size_t length;

	if (first < 0x80)
		return 1;
	if (first < 0xc2 || first > 0xf4)
		return 0;
	length = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
	if (length > left || !is_valid_second(first, text[1]))
		return 0;
	for (size_t i = 2; i < length; i++)
		if ((text[i] & 0xc0) != 0x80)
			return 0;
	return length;
}

bool utf8_is_visible(const unsigned char *at, size_t length)
{
	switch (length) {
	case 0: return false;
	case 1: return (at[0] >= 0x20 && at[0] != 0x7f) || at[0] == '\t';
	case 2: return at[0] != 0xc2 || at[1] >= 0xa0;
	case 3: return at[0] != 0xe2 || !((at[1] == 0x80 && at[2] >= 0xa8 && at[2] <= 0xae) ||
					  (at[1] == 0x81 && at[2] >= 0xa6 && at[2] <= 0xa9));
	default: return true;
	}
}
