/* Growable text.
 *
 * Text from clients and backends may contain any byte. buf_visible splits it into valid UTF-8 characters, control
 * characters and invalid bytes, and escapes the latter two. */
#include "lib/lib.h"

/* Makes room for `more` bytes and the NUL behind them. */
static bool buf_reserve(struct buf *buf, size_t more)
{
	size_t capacity = buf->capacity ? buf->capacity : 64;
	char *data;

	if (buf->failed)
		return false;
	if (more < buf->capacity - buf->length)
		return true;
	if (more >= SIZE_MAX / 2 - buf->length)
		goto fail;
	while (capacity <= buf->length + more)
		capacity *= 2;
	data = realloc(buf->data, capacity);
	if (!data)
		goto fail;
	buf->data = data;
	buf->capacity = capacity;
	return true;
fail:
	memory_ran_out();
	buf->failed = true;
	return false;
}

void buf_add(struct buf *buf, const void *bytes, size_t length)
{
	if (!buf_reserve(buf, length))
		return;
	if (length)
		memcpy(buf->data + buf->length, bytes, length);
	buf->length += length;
	buf->data[buf->length] = '\0';
}

void buf_text(struct buf *buf, const char *text)
{
	buf_add(buf, text, strlen(text));
}

void buf_char(struct buf *buf, char c)
{
	if (!buf_reserve(buf, 1))
		return;
	buf->data[buf->length++] = c;
	buf->data[buf->length] = '\0';
}

void buf_number(struct buf *buf, uint64_t number)
{
	char digits[20], *end = digits + sizeof(digits), *at = number_digits(number, end);

	buf_add(buf, at, (size_t)(end - at));
}

/* code: a Unicode scalar value */
static void buf_utf8(struct buf *buf, uint32_t code)
{
	static const uint32_t firsts[] = { 0x80, 0x800, 0x10000 };
	static const unsigned char marks[] = { 0, 0xc0, 0xe0, 0xf0 };
	int more = 0;

	while (more < 3 && code >= firsts[more])
		more++;
	buf_char(buf, (char)(marks[more] | code >> 6 * more));
	while (more--)
		buf_char(buf, (char)(0x80 | (code >> 6 * more & 0x3f)));
}

/* Formats into the free room first, which is mostly enough, and again after growing. errno is restored before the
 * second time, so that %m prints the caller's error. */
void buf_vaddf(struct buf *buf, const char *format, va_list arguments)
{
	size_t room = buf->failed ? 0 : buf->capacity - buf->length;
	int saved = errno, length;
	va_list again;
	bool fits;

	va_copy(again, arguments);
	length = vsnprintf(room ? buf->data + buf->length : NULL, room, format, arguments);
	fits = length >= 0 && (size_t)length < room;
	if (room && !fits)
		buf->data[buf->length] = '\0';
	if (length < 0) {
		buf->failed = true;
	} else if (fits) {
		buf->length += (size_t)length;
	} else if (buf_reserve(buf, (size_t)length)) {
		errno = saved;
		vsnprintf(buf->data + buf->length, (size_t)length + 1, format, again);
		buf->length += (size_t)length;
	}
	va_end(again);
	errno = saved;
}

void buf_addf(struct buf *buf, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	buf_vaddf(buf, format, arguments);
	va_end(arguments);
}

void text_copy(char *out, size_t size, const char *text)
{
	size_t length = strnlen(text, size - 1);

	memcpy(out, text, length);
	out[length] = '\0';
}

void buf_visible(struct buf *buf, const char *text, size_t length)
{
	const unsigned char *at = (const unsigned char *)text, *end = at + length;

	for (;;) {
		const unsigned char *plain = at;
		size_t bytes;

		while (at < end && *at >= 0x20 && *at < 0x7f)
			at++;
		if (at > plain)
			buf_add(buf, plain, (size_t)(at - plain));
		if (at == end)
			return;
		bytes = utf8_length(at, (size_t)(end - at));
		if (utf8_is_visible(at, bytes)) {
			buf_add(buf, at, bytes);
			at += bytes;
			continue;
		}
		for (bytes = bytes ? bytes : 1; bytes; bytes--)
			buf_addf(buf, "\\x%02x", *at++);
	}
}

bool buf_cut(struct buf *buf, size_t length)
{
	if (length >= buf->length)
		return false;
	while (length && ((unsigned char)buf->data[length] & 0xc0) == 0x80)
		length--;
	buf->length = length;
	buf->data[length] = '\0';
	return true;
}

const char *buf_string(const struct buf *buf)
{
	return buf->data && buf->length ? buf->data : "";
}

char *buf_take(struct buf *buf)
{
	char *data;

	if (!buf_reserve(buf, 0)) {
		buf_free(buf);
		return NULL;
	}
	data = buf->data;
	data[buf->length] = '\0';
	*buf = (struct buf){ 0 };
	return data;
}

void buf_clear(struct buf *buf)
{
	buf->length = 0;
	buf->failed = false;
	if (buf->data)
		buf->data[0] = '\0';
}

const char *buf_keep(struct buf *buf, struct pool *pool)
{
	const char *kept = buf->failed ? NULL : pool_text(pool, buf_string(buf));

	buf_free(buf);
	return kept;
}

void buf_free(struct buf *buf)
{
	free(buf->data);
	*buf = (struct buf){ 0 };
}

/* UTF-8, RFC 3629. */

size_t utf8_length(const unsigned char *text, size_t left)
{
	unsigned char first = text[0];
	/* Of the second byte (RFC 3629, section 4; Unicode, table 3-7). */
	unsigned char least = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
	unsigned char most = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
	size_t length = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;

	if (first < 0x80)
		return 1;
	if (first < 0xc2 || first > 0xf4 || length > left || text[1] < least || text[1] > most)
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

/* Source: systemd.syntax(7), "QUOTING". */

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
