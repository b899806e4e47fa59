/* Writes JSON into a buffer.
 *
 * The last character of the buffer decides about a comma: there is none behind {, [ or a newline. */
#include "lib/lib.h"

#define ELLIPSIS "\xe2\x80\xa6"

/* The code point of a character of at most three bytes: those that utf8_is_visible refuses are never longer. */
static unsigned code_point(const unsigned char *text, size_t length)
{
	switch (length) {
	case 1: return text[0];
	case 2: return (text[0] & 0x1fu) << 6 | (text[1] & 0x3fu);
	default: return (text[0] & 0x0fu) << 12 | (text[1] & 0x3fu) << 6 | (text[2] & 0x3fu);
	}
}

/* Writes one character as JSON into out and returns its length; sets *taken to the bytes of text that it consumes. */
static size_t escape_character(const unsigned char *text, size_t left, char out[8], size_t *taken)
{
	static const char shorts[] = "\"\"\\\\\bb\ff\nn\rr\tt";
	size_t bytes = utf8_length(text, left);

	*taken = bytes ? bytes : 1;
	if (!bytes)
		return (size_t)snprintf(out, 8, "\xef\xbf\xbd");
	for (const char *pair = shorts; *pair; pair += 2)
		if (text[0] == (unsigned char)*pair)
			return (size_t)snprintf(out, 8, "\\%c", pair[1]);
	if (!utf8_is_visible(text, bytes))
		return (size_t)snprintf(out, 8, "\\u%04x", code_point(text, bytes));
	memcpy(out, text, bytes);
	return bytes;
}

/* Whether JSON has it as it is. */
static bool is_plain(unsigned char byte)
{
	return byte >= ' ' && byte < 0x7f && byte != '"' && byte != '\\';
}

void json_quote_within(struct buf *out, const char *text, size_t length, size_t most)
{
	const unsigned char *at = (const unsigned char *)text, *end = at + length;
	size_t taken, used = 2;         /* bytes, both quotes included */
	size_t safe;                    /* the last end of a character behind which an ellipsis fits */
	char escaped[8];

	buf_char(out, '"');
	safe = out->length;
	while (at < end) {
		size_t left = (size_t)(end - at), room = most - used, plain = 0, bytes;

		while (plain < left && plain + strlen(ELLIPSIS) < room && is_plain(at[plain]))
			plain++;
		if (plain) { /* most texts, at once */
			buf_add(out, at, plain);
			used += plain;
			at += plain;
			safe = out->length;
			continue;
		}
		bytes = escape_character(at, left, escaped, &taken);
		if (bytes > most - used) {
			out->length = out->failed ? out->length : safe;
			buf_text(out, ELLIPSIS);
			break;
		}
		buf_add(out, escaped, bytes);
		used += bytes;
		at += taken;
		if (most - used >= strlen(ELLIPSIS))
			safe = out->length;
	}
	buf_char(out, '"');
}

void json_quote(struct buf *out, const char *text, size_t length)
{
	json_quote_within(out, text, length, SIZE_MAX);
}

void json_text(struct buf *out, const char *text)
{
	if (text)
		json_quote(out, text, strlen(text));
	else
		buf_text(out, "null");
}

static bool is_first(const struct buf *out)
{
	char last = out->length ? out->data[out->length - 1] : '\n';

	return last == '{' || last == '[' || last == '\n';
}

static void add_comma(struct buf *out)
{
	if (!is_first(out))
		buf_char(out, ',');
}

void json_field_name(struct buf *out, const char *name)
{
	add_comma(out);
	buf_addf(out, "\"%s\":", name);
}

void json_object_open(struct buf *out)
{
	add_comma(out);
	buf_char(out, '{');
}

void json_object_close(struct buf *out)
{
	buf_char(out, '}');
}

void json_text_field(struct buf *out, const char *name, const char *text)
{
	json_field_name(out, name);
	json_text(out, text);
}

void json_count_field(struct buf *out, const char *name, uint64_t number)
{
	json_field_name(out, name);
	buf_number(out, number);
}

void json_whole_field(struct buf *out, const char *name, int64_t number)
{
	json_field_name(out, name);
	if (number < 0)
		buf_text(out, "null");
	else
		buf_number(out, (uint64_t)number);
}

void json_seconds_field(struct buf *out, const char *name, double seconds)
{
	json_field_name(out, name);
	buf_addf(out, "%.6f", seconds);
}

void json_flag_field(struct buf *out, const char *name, bool flag)
{
	json_field_name(out, name);
	buf_text(out, flag ? "true" : "false");
}

void json_null_field(struct buf *out, const char *name)
{
	json_field_name(out, name);
	buf_text(out, "null");
}

void json_list_field(struct buf *out, const char *name)
{
	json_field_name(out, name);
	buf_char(out, '[');
}

void json_list_close(struct buf *out)
{
	buf_char(out, ']');
}

void json_object_field(struct buf *out, const char *name)
{
	json_field_name(out, name);
	buf_char(out, '{');
}

void json_element_text(struct buf *out, const char *text)
{
	add_comma(out);
	json_quote(out, text, strlen(text));
}

void json_lines_field(struct buf *out, const char *name, const char *lines)
{
	json_list_field(out, name);
	for (; *lines; lines += *lines == '\n') {
		size_t length = strcspn(lines, "\n");

		add_comma(out);
		json_quote(out, lines, length);
		lines += length;
	}
	json_list_close(out);
}

void json_wide_element(struct buf *out)
{
	if (!is_first(out))
		buf_text(out, ", ");
}

void json_wide_name(struct buf *out, const char *name)
{
	json_wide_element(out);
	buf_addf(out, "\"%s\": ", name);
}
