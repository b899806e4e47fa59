/* Text of a child, in a buffer of fixed size. A part that does not fit is left out as a whole. */
#include "exec/child/text.h"

#include <string.h>

void text_add(struct child_text *out, const char *text, size_t length)
{
	if (out->failed || length >= sizeof(out->text) - out->length) {
		out->failed = true;
		return;
	}
	memcpy(out->text + out->length, text, length);
	out->length += length;
	out->text[out->length] = '\0';
}

void text_add_word(struct child_text *out, const char *word)
{
	text_add(out, word, strlen(word));
}

/* Writes the number without a NUL. Returns the number of digits. */
static size_t text_write_decimal(char digits[DECIMAL_DIGITS], uint64_t number)
{
	size_t count = 0;

	for (uint64_t rest = number; count == 0 || rest; rest /= 10)
		count++;
	for (size_t n = count; n; number /= 10)
		digits[--n] = (char)('0' + number % 10);
	return count;
}

void text_write_variable(char *out, const char *name, uint64_t number)
{
	size_t length = strlen(name);

	memcpy(out, name, length);
	length += text_write_decimal(out + length, number);
	out[length] = '\0';
}

void text_add_decimal(struct child_text *out, uint64_t number)
{
	char digits[DECIMAL_DIGITS] = "";
	size_t length = text_write_decimal(digits, number);

	text_add(out, digits, length);
}

void text_add_hex(struct child_text *out, uint64_t number)
{
	char digits[16];

	for (int n = 0; n < 16; n++)
		digits[n] = "0123456789abcdef"[number >> (60 - 4 * n) & 15];
	text_add(out, digits, sizeof(digits));
}
