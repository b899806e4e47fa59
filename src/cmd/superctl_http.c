/* The head of an HTTP request (RFC 9112): its first line, since no field of it matters here.
 *
 * The hard thing is that whatever comes is answered with the right refusal and nothing is taken for what it isn't: no
 * control characters, three parts with one blank between them, a version that is HTTP/1. */
#include "cmd/superctl_http.h"

#include <string.h>

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

static bool equals(const char *text, size_t length, const char *word)
{
	return length == strlen(word) && !memcmp(text, word, length);
}

/* The part up to the next blank; *at moves behind it. */
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
	request.is_head = equals(text, method_length, "HEAD");
	query = memchr(target, '?', target_length);
	if (query)
		target_length = (size_t)(query - target);
	if (!request.is_head && !equals(text, method_length, "GET"))
		request.status = 405;
	else
		request.status = equals(target, target_length, path) ? 200 : 404;
	return request;
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
