/* The head of an HTTP request (RFC 9112) and of a response.
 *
 * Any client may send any bytes. The parser of the first line is strict: three parts with one blank between them, no
 * control characters, version HTTP/1. Each mistake gets the status code that HTTP has for it. */
#include "lib/lib.h"

#define NAME_MOST 253                   /* characters of a host name (RFC 1123) */

/* Returns the text before the next character `end`, with blanks around it. *rest becomes the text after that
 * character. */
static struct substring take(struct substring *rest, char end)
{
	const char *found = memchr(rest->at, end, rest->length);
	struct substring part = { rest->at, found ? (size_t)(found - rest->at) : rest->length };
	size_t taken = part.length + (found ? 1 : 0);

	*rest = (struct substring){ rest->at + taken, rest->length - taken };
	return part;
}

static struct substring trim(struct substring part)
{
	while (part.length && scan_is_blank(*part.at)) {
		part.at++;
		part.length--;
	}
	while (part.length && scan_is_blank(part.at[part.length - 1]))
		part.length--;
	return part;
}

static struct substring take_line(struct substring *rest)
{
	struct substring line = take(rest, '\n');

	if (line.length && line.at[line.length - 1] == '\r')
		line.length--;
	return line;
}

static bool substring_is(struct substring part, const char *word)
{
	return part.length == strlen(word) && !strncasecmp(part.at, word, part.length);
}

size_t http_field(const char *text, size_t length, const char *name, struct substring *found)
{
	struct substring rest = { text, length };
	size_t count = 0;

	(void)take_line(&rest);
	while (rest.length) {
		struct substring value = trim(take_line(&rest));

		if (!value.length)
			break;
		if (!substring_is(trim(take(&value, ':')), name))
			continue;
		*found = trim(value);
		count++;
	}
	return count;
}

static bool is_address(struct substring host)
{
	bool is_ipv6 = host.length > 2 && host.at[0] == '[' && host.at[host.length - 1] == ']';
	struct in6_addr address;

	return is_ipv6 ? scan_address(host.at + 1, host.length - 2, &address) == AF_INET6
		       : scan_address(host.at, host.length, &address) == AF_INET;
}

/* The name or address in the field Host, without a port. false: there is no such field, or several. */
static bool find_host(const char *text, size_t length, struct substring *host)
{
	size_t name;

	if (http_field(text, length, "Host", host) != 1)
		return false;
	for (name = host->length; name && host->at[name - 1] >= '0' && host->at[name - 1] <= '9';)
		name--;
	if (name && host->at[name - 1] == ':')
		host->length = name - 1;
	return true;
}

bool http_host_is_own(const char *text, size_t length, const char *const *names)
{
	struct substring host = { 0 };

	if (!find_host(text, length, &host))
		return false;
	if (is_address(host) || substring_is(host, "localhost"))
		return true;
	for (; *names; names++) {
		if (substring_is(host, *names))
			return true;
	}
	return false;
}

/* Whether builtin would take it for a host name. Any client chooses it, so nothing else is worth repeating. */
static bool is_name(struct substring host)
{
	static const char characters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.";

	for (size_t n = 0; n < host.length; n++) {
		if (!memchr(characters, host.at[n], sizeof(characters) - 1))
			return false;
	}
	return host.length && host.length <= NAME_MOST;
}

void http_add_elsewhere(struct buf *out, const char *text, size_t length, const char *builtin, const char *const *names)
{
	struct substring host = { 0 };

	buf_text(out, "use the address, localhost, or a host name that builtin lists");
	if (find_host(text, length, &host) && is_name(host)) {
		buf_addf(out, ": builtin = { %s%s, %.*s }", builtin, *names ? ", ..." : "", (int)host.length, host.at);
	}
	buf_char(out, '\n');
}

bool http_is_whole(const char *text, size_t length)
{
	return memmem(text, length, "\r\n\r\n", 4) || memmem(text, length, "\n\n", 2);
}

static bool is_plain(struct substring part)
{
	for (size_t i = 0; i < part.length; i++) {
		if ((unsigned char)part.at[i] <= ' ' || (unsigned char)part.at[i] >= 0x7f)
			return false;
	}
	return part.length > 0;
}

struct http_request http_parse(const char *text, size_t length, const char *path)
{
	struct substring rest = { text, length }, line = take_line(&rest), method = take(&line, ' ');
	struct substring target = take(&line, ' '), version = line;
	struct http_request request = { .status = 400 };

	if (!memchr(text, '\n', length) || !is_plain(method) || !is_plain(target) || !is_plain(version) ||
	    version.length != 8 || memcmp(version.at, "HTTP/", 5) != 0)
		return request;
	if (memcmp(version.at + 5, "1.", 2) != 0 || version.at[7] < '0' || version.at[7] > '9') {
		request.status = 505;
		return request;
	}
	request.is_head = scan_is_word(method.at, method.length, "HEAD");
	request.path = take(&target, '?');
	if (request.path.length >= 7 && !strncasecmp(request.path.at, "http://", 7)) { /* RFC 9112, 3.2.2 */
		const char *host = request.path.at + 7, *end = request.path.at + request.path.length;
		const char *slash = memchr(host, '/', (size_t)(end - host));

		request.path = slash ? (struct substring){ slash, (size_t)(end - slash) }
				     : (struct substring){ host - 1, 1 };
	}
	if (!request.is_head && !scan_is_word(method.at, method.length, "GET"))
		request.status = 405;
	else
		request.status = !path || scan_is_word(request.path.at, request.path.length, path) ? 200 : 404;
	return request;
}

bool http_decode(const char *text, size_t length, struct buf *out)
{
	for (size_t i = 0; i < length; i++) {
		char c = text[i];

		if (c == '%') {
			c = i + 2 < length ? scan_hex_byte(text + i + 1) : '\0';
			i += 2;
		}
		if ((unsigned char)c < ' ' || c == 0x7f)
			return false;
		buf_char(out, c);
	}
	return true;
}

const char *http_reason(int status)
{
	static const struct {
		int status;
		const char *reason;
	} reasons[] = {
		{ 200, "OK" }, { 404, "Not Found" }, { 405, "Method Not Allowed" }, { 408, "Request Timeout" },
		{ 421, "Misdirected Request" }, { 431, "Request Header Fields Too Large" },
		{ 503, "Service Unavailable" }, { 505, "HTTP Version Not Supported" },
	};

	for (size_t n = 0; n < sizeof(reasons) / sizeof(*reasons); n++) {
		if (reasons[n].status == status)
			return reasons[n].reason;
	}
	return "Bad Request";
}

void http_add_head(struct buf *out, int status, const char *type, size_t length, const char *fields)
{
	buf_addf(out,
		 "HTTP/1.1 %d %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\nConnection: close\r\n%s%s\r\n", status,
		 http_reason(status), type, length, fields, status == 405 ? "Allow: GET, HEAD\r\n" : "");
}
