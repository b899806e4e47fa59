/* Parses the first line of an HTTP request (RFC 9112).
 *
 * Any client may send any bytes. The parser is strict: three parts with one blank between them, no control characters,
 * version HTTP/1. Each mistake gets the status code that HTTP has for it. */
#include "superctl/http.h"

#include <string.h>

#include "lib/scan.h"

bool http_is_whole(const char *text, size_t length)
{
	return memmem(text, length, "\r\n\r\n", 4) || memmem(text, length, "\n\n", 2);
}

static bool is_plain(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		if ((unsigned char)text[i] <= ' ' || (unsigned char)text[i] >= 0x7f)
			return false;
	}
	return length > 0;
}

static bool text_equals(const char *text, size_t length, const char *word)
{
	return length == strlen(word) && !memcmp(text, word, length);
}

/* Returns the length of the part up to the next blank, and moves *at behind that blank. */
static size_t take_part(const char **at, const char *end)
{
	const char *start = *at, *blank = memchr(start, ' ', (size_t)(end - start));

	*at = blank ? blank + 1 : end;
	return (size_t)((blank ? blank : end) - start);
}

static bool is_version(const char *text, size_t length)
{
	return length == 8 && !memcmp(text, "HTTP/1.", 7) && text[7] >= '0' && text[7] <= '9';
}

struct http_request http_parse(const char *text, size_t length, const char *path)
{
	const char *end = memchr(text, '\n', length), *at = text, *target, *version, *query;
	struct http_request request = { .status = 400 };
	size_t method_length, target_length, version_length;

	if (!end)
		return request;
	if (end > text && end[-1] == '\r')
		end--;
	method_length = take_part(&at, end);
	target = at;
	target_length = take_part(&at, end);
	version = at;
	version_length = (size_t)(end - at);
	if (!is_plain(text, method_length) || !is_plain(target, target_length) || !is_plain(version, version_length))
		return request;
	if (version_length != 8 || memcmp(version, "HTTP/", 5) != 0)
		return request;
	if (!is_version(version, version_length)) {
		request.status = 505;
		return request;
	}
	request.is_head = text_equals(text, method_length, "HEAD");
	query = memchr(target, '?', target_length);
	request.path = target;
	request.path_length = query ? (size_t)(query - target) : target_length;
	request.query = query ? query + 1 : target + target_length;
	request.query_length = (size_t)(target + target_length - request.query);
	if (!request.is_head && !text_equals(text, method_length, "GET"))
		request.status = 405;
	else
		request.status = !path || text_equals(target, request.path_length, path) ? 200 : 404;
	return request;
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

bool http_decode(const char *text, size_t length, bool is_form, struct buf *out)
{
	for (size_t i = 0; i < length; i++) {
		int high, low;
		char c = text[i];

		if (c == '+' && is_form)
			c = ' ';
		if (c == '%') {
			if (i + 2 >= length)
				return false;
			high = hex_value(text[i + 1]);
			low = hex_value(text[i + 2]);
			if (high < 0 || low < 0)
				return false;
			c = (char)(high * 16 + low);
			i += 2;
		}
		if ((unsigned char)c < ' ' || c == 0x7f)
			return false;
		buf_char(out, c);
	}
	return true;
}

bool http_query(const struct http_request *request, const char *name, struct buf *out)
{
	struct substring rest = { request->query, request->query_length };

	while (rest.length) {
		struct substring value = substring_take(&rest, '&');

		if (substring_is(substring_take(&value, '='), name))
			return http_decode(value.at, value.length, true, out);
	}
	return true;
}

const char *http_reason(int status)
{
	switch (status) {
	case 200:
		return "OK";
	case 404:
		return "Not Found";
	case 405:
		return "Method Not Allowed";
	case 408:
		return "Request Timeout";
	case 421:
		return "Misdirected Request";
	case 431:
		return "Request Header Fields Too Large";
	case 503:
		return "Service Unavailable";
	case 505:
		return "HTTP Version Not Supported";
	default:
		return "Bad Request";
	}
}
