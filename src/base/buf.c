/* Growable text.
 *
 * Text from clients and backends may hold any byte. buf_visible and buf_json split it into valid UTF-8 characters,
 * control characters and invalid bytes, and escape the latter two, so that no other unit has to know what a
 * terminal obeys. */
#include "base/buf.h"

#include <ctype.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ELLIPSIS "\xe2\x80\xa6"

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
	buf_add(buf, &c, 1);
}

/* Mostly there is room. errno is put back before each formatting, so %m means what it meant to the caller. */
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

/* Whether the second byte may follow the first, by Unicode's table of well-formed sequences (chapter 3, table 3-7). */
static bool utf8_second_is_right(unsigned char first, unsigned char second)
{
	switch (first) {
	case 0xe0: return second >= 0xa0 && second <= 0xbf;
	case 0xed: return second >= 0x80 && second <= 0x9f;
	case 0xf0: return second >= 0x90 && second <= 0xbf;
	case 0xf4: return second >= 0x80 && second <= 0x8f;
	default: return second >= 0x80 && second <= 0xbf;
	}
}

/* The length in bytes of the character at the start of text; 0: it is not valid UTF-8. */
static size_t utf8_length(const unsigned char *text, size_t left)
{
	unsigned char first = text[0];
	size_t length;

	if (first < 0x80)
		return 1;
	if (first < 0xc2 || first > 0xf4)
		return 0;
	length = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
	if (length > left || !utf8_second_is_right(first, text[1]))
		return 0;
	for (size_t i = 2; i < length; i++)
		if ((text[i] & 0xc0) != 0x80)
			return 0;
	return length;
}

/* Whether a terminal shows this character rather than obey it: no C0 and C1 controls, no line or paragraph separator,
 * nothing that turns the direction of what follows (U+202A to U+202E, U+2066 to U+2069). */
static bool is_visible(const unsigned char *at, size_t length)
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

void buf_visible(struct buf *buf, const char *text, size_t length)
{
	const unsigned char *at = (const unsigned char *)text, *end = at + length;

	while (at < end) {
		size_t bytes = utf8_length(at, (size_t)(end - at));

		if (is_visible(at, bytes)) {
			buf_add(buf, at, bytes);
			at += bytes;
			continue;
		}
		for (bytes = bytes ? bytes : 1; bytes; bytes--)
			buf_addf(buf, "\\x%02x", *at++);
	}
}

/* Whether the text behind a backslash reads as xHH, or buf_visible turns it into \xHH. */
static bool looks_hidden(const unsigned char *at, const unsigned char *end)
{
	if (at < end && !is_visible(at, utf8_length(at, (size_t)(end - at))))
		return true;
	return end - at >= 3 && at[0] == 'x' && isxdigit(at[1]) && isxdigit(at[2]);
}

void buf_visible_once(struct buf *buf, const char *text, size_t length)
{
	const char *end = text + length;

	while (text < end) {
		const char *slash = memchr(text, '\\', (size_t)(end - text)), *behind;

		buf_visible(buf, text, (size_t)((slash ? slash : end) - text));
		if (!slash)
			return;
		for (behind = slash; behind < end && *behind == '\\'; behind++)
			;
		buf_add(buf, slash, (size_t)(behind - slash));
		if (looks_hidden((const unsigned char *)behind, (const unsigned char *)end))
			buf_add(buf, slash, (size_t)(behind - slash));
		text = behind;
	}
}

/* The number of a character of at most three bytes: what is_visible refuses is never longer. */
static unsigned code_point(const unsigned char *text, size_t length)
{
	switch (length) {
	case 1: return text[0];
	case 2: return (text[0] & 0x1fu) << 6 | (text[1] & 0x3fu);
	default: return (text[0] & 0x0fu) << 12 | (text[1] & 0x3fu) << 6 | (text[2] & 0x3fu);
	}
}

/* Writes one character's JSON into out and gives its length; *taken is the number of bytes of text it stands for. */
static size_t json_character(const unsigned char *text, size_t left, char out[8], size_t *taken)
{
	static const char shorts[] = "\"\"\\\\\bb\ff\nn\rr\tt";
	size_t bytes = utf8_length(text, left);

	*taken = bytes ? bytes : 1;
	if (!bytes)
		return (size_t)snprintf(out, 8, "\xef\xbf\xbd");
	for (const char *pair = shorts; *pair; pair += 2)
		if (text[0] == (unsigned char)*pair)
			return (size_t)snprintf(out, 8, "\\%c", pair[1]);
	if (!is_visible(text, bytes))
		return (size_t)snprintf(out, 8, "\\u%04x", code_point(text, bytes));
	memcpy(out, text, bytes);
	return bytes;
}

void buf_json_within(struct buf *buf, const char *text, size_t length, size_t most)
{
	const unsigned char *at = (const unsigned char *)text, *end = at + length;
	size_t taken, used = 2, safe;   /* used counts both quotes; safe: where an ellipsis still fits */
	char out[8];

	buf_char(buf, '"');
	safe = buf->length;
	while (at < end) {
		size_t bytes = json_character(at, (size_t)(end - at), out, &taken);

		if (bytes > most - used) {
			buf->length = buf->failed ? buf->length : safe;
			buf_text(buf, ELLIPSIS);
			break;
		}
		buf_add(buf, out, bytes);
		used += bytes;
		at += taken;
		if (most - used >= strlen(ELLIPSIS))
			safe = buf->length;
	}
	buf_char(buf, '"');
}

void buf_json(struct buf *buf, const char *text, size_t length)
{
	buf_json_within(buf, text, length, SIZE_MAX);
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

void buf_free(struct buf *buf)
{
	free(buf->data);
	*buf = (struct buf){ 0 };
}
