/* Base64 (RFC 4648, section 4).
 *
 * Apart from blanks, the decoder accepts exactly one text for a value: unused bits must be zero and the padding must be
 * complete. A truncated text is therefore an error. */
#include "lib/base64.h"

#include <stdint.h>
#include <string.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

#define BLANKS " \t\r\n"

/* Returns the value of a letter, 0 to 63; -1: it is not in the alphabet. */
static int letter_value(char c)
{
	const char *at = c ? strchr(alphabet, c) : NULL;

	return at ? (int)(at - alphabet) : -1;
}

/* Adds the bytes of four letters; the last `padding` of them are "=". false: an unused bit is set. */
static bool add_group(uint32_t group, unsigned padding, struct buf *out)
{
	const unsigned char bytes[] = { (unsigned char)(group >> 16), (unsigned char)(group >> 8),
					(unsigned char)group };
	unsigned count = 3 - padding;

	if (padding && (group & ((1u << 8 * padding) - 1)))
		return false;
	if (out)
		buf_add(out, bytes, count);
	return true;
}

bool base64_decode(const char *text, struct buf *out)
{
	unsigned letters = 0, padding = 0;
	uint32_t group = 0;

	for (; *text; text++) {
		if (strchr(BLANKS, *text))
			continue;
		if (*text == '=') {
			padding++;
		} else if (padding || letter_value(*text) < 0) {
			return false;
		}
		group = group << 6 | (*text == '=' ? 0 : (uint32_t)letter_value(*text));
		if (++letters % 4)
			continue;
		if (padding > 2 || !add_group(group, padding, out))
			return false;
		group = 0;
	}
	return letters % 4 == 0;
}

void base64_encode(struct buf *out, const void *bytes, size_t length)
{
	const unsigned char *at = bytes;

	for (; length; length -= length < 3 ? length : 3, at += 3) {
		uint32_t group =
			(uint32_t)at[0] << 16 | (length > 1 ? (uint32_t)at[1] << 8 : 0) | (length > 2 ? at[2] : 0);

		buf_char(out, alphabet[group >> 18]);
		buf_char(out, alphabet[group >> 12 & 63]);
		buf_char(out, length > 1 ? alphabet[group >> 6 & 63] : '=');
		buf_char(out, length > 2 ? alphabet[group & 63] : '=');
	}
}
