/* Escapes text for HTML, byte by byte, and for URLs. */
#include "superctl/html.h"

#include <string.h>

#include "superctl/json_reply.h"

void html_add(struct buf *out, const char *text, size_t length)
{
	struct buf visible = { 0 };
	const char *at;

	buf_visible(&visible, text, length);
	for (at = buf_string(&visible); *at; at++) {
		switch (*at) {
		case '&':
			buf_text(out, "&amp;");
			break;
		case '<':
			buf_text(out, "&lt;");
			break;
		case '>':
			buf_text(out, "&gt;");
			break;
		case '"':
			buf_text(out, "&quot;");
			break;
		case '\'':
			buf_text(out, "&#39;");
			break;
		default:
			buf_char(out, *at);
		}
	}
	buf_free(&visible);
}

void html_text(struct buf *out, const char *text)
{
	html_add(out, text, strlen(text));
}

void html_lines(struct buf *out, const char *text)
{
	while (*text) {
		size_t length = strcspn(text, "\t\n");

		html_add(out, text, length);
		text += length;
		if (*text)
			buf_char(out, *text++);
	}
}

void html_member(struct buf *out, const json_t *object, const char *key)
{
	const json_t *text = json_object_get(object, key);

	if (json_is_string(text))
		html_add(out, json_string_value(text), json_string_length(text));
}

void html_url(struct buf *out, const char *text)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_~.";

	for (; *text; text++) {
		if (strchr(plain, *text))
			buf_char(out, *text);
		else
			buf_addf(out, "%%%02X", (unsigned char)*text);
	}
}
