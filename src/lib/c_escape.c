/* Source: systemd.syntax(7), "QUOTING". */
#include "lib/c_escape.h"

#include <stdint.h>
#include <string.h>

#include "lib/scan.h"

/* Parses exactly `count` digits of a base. -1: there are fewer. */
static int64_t read_digits(const char *text, int count, int base)
{
	int64_t number = 0;

	for (int n = 0; n < count; n++) {
		if (scan_digit(text[n]) >= base)
			return -1;
		number = number * base + scan_digit(text[n]);
	}
	return number;
}

/* Whether the number is a Unicode scalar value that stands for a character. */
static bool is_character(int64_t c)
{
	return c <= 0x10ffff && (c & 0x1ff800) != 0xd800 && (c < 0xfdd0 || c > 0xfdef) && (c & 0xfffe) != 0xfffe;
}

size_t c_escape_read(const char *text, bool is_text, struct buf *out)
{
	static const char letters[] = "abfnrtv\\\"'s", meant[] = "\a\b\f\n\r\t\v\\\"' ";
	const char *letter = *text ? strchr(letters, *text) : NULL;
	int digits = *text == 'x' ? 2 : *text == 'u' ? 4 : *text == 'U' ? 8 : 0;
	int64_t code = digits ? read_digits(text + 1, digits, 16) : read_digits(text, 3, 8);

	if (letter)
		buf_char(out, meant[letter - letters]);
	else if (code < 0 || (!code && is_text) || !(digits > 2 ? is_character(code) : code <= 0xff))
		return 0;
	else if (digits > 2)
		buf_utf8(out, (uint32_t)code);
	else
		buf_char(out, (char)code);
	return letter ? 1 : digits ? (size_t)digits + 1 : 3;
}
