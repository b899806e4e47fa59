/* Writes JSON into a buffer.
 *
 * The last character in the buffer shows whether a comma is due: none stands behind {, [ or a newline. */
#include "base/fields.h"

#include <string.h>

static void add_comma(struct buf *out)
{
	char last = out->length ? out->data[out->length - 1] : '\n';

	if (last != '{' && last != '[' && last != '\n')
		buf_char(out, ',');
}

static void add_name(struct buf *out, const char *name)
{
	add_comma(out);
	buf_addf(out, "\"%s\":", name);
}

void object_open(struct buf *out)
{
	add_comma(out);
	buf_char(out, '{');
}

void object_close(struct buf *out)
{
	buf_char(out, '}');
}

void field_text(struct buf *out, const char *name, const char *text)
{
	add_name(out, name);
	if (text)
		buf_json(out, text, strlen(text));
	else
		buf_text(out, "null");
}

void field_bounded(struct buf *out, const char *name, const char *text, size_t most)
{
	add_name(out, name);
	buf_json_within(out, text, strlen(text), most);
}

void field_count(struct buf *out, const char *name, uint64_t number)
{
	add_name(out, name);
	buf_addf(out, "%llu", (unsigned long long)number);
}

void field_whole(struct buf *out, const char *name, int64_t number)
{
	add_name(out, name);
	if (number < 0)
		buf_text(out, "null");
	else
		buf_addf(out, "%lld", (long long)number);
}

void field_seconds(struct buf *out, const char *name, double seconds)
{
	add_name(out, name);
	buf_addf(out, "%.6f", seconds);
}

void field_flag(struct buf *out, const char *name, bool flag)
{
	add_name(out, name);
	buf_text(out, flag ? "true" : "false");
}

void field_null(struct buf *out, const char *name)
{
	add_name(out, name);
	buf_text(out, "null");
}

void field_list(struct buf *out, const char *name)
{
	add_name(out, name);
	buf_char(out, '[');
}

void list_close(struct buf *out)
{
	buf_char(out, ']');
}

void field_object(struct buf *out, const char *name)
{
	add_name(out, name);
	buf_char(out, '{');
}

void element_text(struct buf *out, const char *text)
{
	add_comma(out);
	buf_json(out, text, strlen(text));
}
