/* Parses the first line of an HTTP request (RFC 9112) and its field Accept.
 *
 * Any client may send any bytes. The parser is strict: three parts with one blank between them, no control characters,
 * version HTTP/1. Each mistake gets the status code that HTTP has for it. */
#include "cli/superctl/http.h"

#include <string.h>
#include <strings.h>

#include "base/scan.h"

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
	if (query)
		target_length = (size_t)(query - target);
	if (!request.is_head && !text_equals(text, method_length, "GET"))
		request.status = 405;
	else
		request.status = text_equals(target, target_length, path) ? 200 : 404;
	return request;
}

/* A part of a text, which is not NUL-terminated. */
struct substring {
	const char *at;
	size_t length;
};

static struct substring substring_trim(struct substring part)
{
	while (part.length && scan_is_blank(*part.at)) {
		part.at++;
		part.length--;
	}
	while (part.length && scan_is_blank(part.at[part.length - 1]))
		part.length--;
	return part;
}

/* Returns the text before the next character `end`, trimmed. *rest becomes the text behind it. */
static struct substring take_until(struct substring *rest, char end)
{
	const char *found = memchr(rest->at, end, rest->length);
	struct substring part = { rest->at, found ? (size_t)(found - rest->at) : rest->length };
	size_t taken = part.length + (found ? 1 : 0);

	*rest = (struct substring){ rest->at + taken, rest->length - taken };
	return substring_trim(part);
}

static bool part_is(struct substring part, const char *word)
{
	return part.length == strlen(word) && !strncasecmp(part.at, word, part.length);
}

/* Reads a weight (RFC 9110, section 12.4.2): "0", "0.5", "1.000", with three decimals at most. Any other text is 0. */
static double read_weight(struct substring text)
{
	double weight = 0, place = 1;

	if (!text.length || text.length > 5 || (text.length > 1 && text.at[1] != '.'))
		return 0;
	for (size_t i = 0; i < text.length; i++) {
		if (i == 1)
			continue;
		if (text.at[i] < '0' || text.at[i] > '9')
			return 0;
		weight += (text.at[i] - '0') * place;
		place /= 10;
	}
	return weight > 1 ? 1 : weight;
}

/* The weight of one media range: "text/plain;version=0.0.4;q=0.5". -1: the range is another type. */
static double weigh_range(struct substring range, const char *type)
{
	double weight = 1;

	if (!part_is(take_until(&range, ';'), type))
		return -1;
	while (range.length) {
		struct substring value = take_until(&range, ';'), name = take_until(&value, '=');

		if (part_is(name, "q"))
			weight = read_weight(substring_trim(value));
	}
	return weight;
}

double http_accepts(const char *text, size_t length, const char *type)
{
	struct substring rest = { text, length };
	double most = -1;

	(void)take_until(&rest, '\n');
	while (rest.length) {
		struct substring value = take_until(&rest, '\n'), name;

		if (value.length && value.at[value.length - 1] == '\r')
			value.length--;
		if (!value.length)
			break;
		name = take_until(&value, ':');
		while (part_is(name, "Accept") && value.length) {
			double weight = weigh_range(take_until(&value, ','), type);

			most = weight > most ? weight : most;
		}
	}
	return most;
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
