/* The lines of the journal, and of what stands before the text of the configuration: words KEY=VALUE, in which %XX
 * stands for a byte that a word cannot have. One list of fields writes a line and reads it. */
#include "superd/daemon.h"

#define REAL_MOST 9e12 /* seconds; in a line they are microseconds */

static bool is_plain(unsigned char byte)
{
	return byte > ' ' && byte != '%' && byte != '#' && byte != 0x7f;
}

void line_encode(struct buf *out, const char *text, size_t length)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t n = 0, plain; n < length; n++) {
		for (plain = n; n < length && is_plain((unsigned char)text[n]); n++)
			continue;
		buf_add(out, text + plain, n - plain);
		if (n == length)
			break;
		buf_char(out, '%');
		buf_char(out, digits[(unsigned char)text[n] / 16]);
		buf_char(out, digits[(unsigned char)text[n] % 16]);
	}
}

/* The word at the start of a text, up to a space or the end of its line. The caller frees it. */
char *line_decode(const char *text, size_t *length)
{
	size_t size = strcspn(text, " \n"), count = 0;
	char *word = malloc(size + 1);

	if (!word)
		state_fail();
	for (size_t n = 0; n < size; n++) {
		int high = text[n] == '%' ? scan_digit(text[n + 1]) : 16,
		    low = high < 16 ? scan_digit(text[n + 2]) : 16;

		word[count++] = low < 16 ? (char)(high * 16 + low) : text[n];
		n += low < 16 ? 2 : 0;
	}
	word[count] = '\0';
	if (length)
		*length = count;
	return word;
}

void line_add(struct buf *out, const char *key, const char *text, size_t length)
{
	buf_char(out, ' ');
	buf_text(out, key);
	buf_char(out, '=');
	line_encode(out, text, length);
}

/* The last value of a key, as it stands there; NULL: there is none. */
static const char *find(const struct journal_line *line, const char *key)
{
	const char *found = NULL;
	size_t length = strlen(key);

	for (const char *at = line->text; *at && *at != '\n'; at += strcspn(at, " \n"), at += *at == ' ') {
		if (!strncmp(at, key, length) && at[length] == '=')
			found = at + length + 1;
	}
	return found;
}

char *line_take(const struct journal_line *line, const char *key, size_t *length)
{
	const char *value = find(line, key);

	return value ? line_decode(value, length) : NULL;
}

/* A descriptor that the superd before has left; -1: it is none. A last line that is not written may have closed it, and
 * then this superd may have something else there. */
int line_read_fd(const char *value)
{
	long fd = value && *value == '#' ? strtol(value + 1, NULL, 10) : -1;

	return fd < 0 || fd > INT32_MAX || !guard_left_fd((int)fd) || fcntl((int)fd, F_GETFD) < 0 ? -1 : (int)fd;
}

/* A value that does not fit is none. */
void line_read(const struct journal_line *line, const char *key, void *field, size_t size, enum line_kind kind,
	       int64_t most)
{
	const char *value = find(line, key);
	int64_t number = kind == LINE_FD ? line_read_fd(value) : value ? strtoll(value, NULL, 10) : 0;
	size_t length = 0;
	char *text;

	if (kind >= LINE_TEXT) {
		text = value ? line_decode(value, &length) : NULL;
		if (kind == LINE_STRING) {
			free(*(char **)field);
			*(char **)field = text;
			return;
		}
		memset(field, 0, size);
		if (kind == LINE_TEXT && length >= size)
			length = size - 1;
		if (text)
			memcpy(field, text, length < size ? length : size);
		free(text);
		return;
	}
	if (number > most || (kind == LINE_COUNT && size < sizeof(number) && number < 0))
		number = 0;
	if (kind == LINE_REAL)
		*(double *)field = (double)number / 1e6;
	else if (size == 1)
		*(uint8_t *)field = (uint8_t)number;
	else if (size > sizeof(uint32_t))
		*(int64_t *)field = number;
	else
		*(uint32_t *)field = (uint32_t)number;
}

/* What is as in a new object is not written. */
void line_write(struct buf *out, const char *key, const void *field, size_t size, enum line_kind kind)
{
	int64_t number;

	if (kind >= LINE_TEXT) {
		const char *text = kind == LINE_STRING ? *(char *const *)field : field;
		size_t length = !text ? 0 : kind == LINE_BYTES ? size : strlen(text);
		bool any = kind != LINE_BYTES;

		for (size_t n = 0; n < length && !any; n++)
			any = text[n] != 0;
		if (any && length)
			line_add(out, key, text, length);
		return;
	}
	number = kind == LINE_REAL ? (int64_t)(number_max(number_min(*(const double *)field, REAL_MOST), 0) * 1e6 + .5)
		: size == 1	   ? *(const uint8_t *)field
		: size > sizeof(uint32_t) ? *(const int64_t *)field
		: kind == LINE_COUNT	  ? (int64_t) * (const uint32_t *)field
					  : *(const int32_t *)field;
	if (kind == LINE_FD ? number <= 0 : !number)
		return;
	line_add(out, key, "", 0);
	if (kind == LINE_FD || number < 0)
		buf_char(out, kind == LINE_FD ? '#' : '-');
	buf_number(out, number < 0 ? 0 - (uint64_t)number : (uint64_t)number);
}
