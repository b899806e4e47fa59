/* Parses the first line of an HTTP request (RFC 9112).
 *
 * Any client may send any bytes. The parser is strict: three parts with one blank between them, no control characters,
 * version HTTP/1. Each mistake gets the status code that HTTP has for it. */
#include "superctl/page.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/fd.h"
#include "lib/scan.h"

/* Escapes text for HTML, byte by byte, and for URLs. */

void html_add(struct buf *out, const char *text, size_t length)
{
	static const char special[] = "&<>\"'";
	static const char *const references[] = { "&amp;", "&lt;", "&gt;", "&quot;", "&#39;" };
	struct buf visible = { 0 };
	const char *at;

	buf_visible(&visible, text, length);
	for (at = buf_string(&visible); *at; at++) {
		const char *found = strchr(special, *at);

		if (found)
			buf_text(out, references[found - special]);
		else
			buf_char(out, *at);
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
	if (memcmp(version + 5, "1.", 2) != 0 || version[7] < '0' || version[7] > '9') {
		request.status = 505;
		return request;
	}
	request.is_head = text_equals(text, method_length, "HEAD");
	query = memchr(target, '?', target_length);
	request.path = target;
	request.path_length = query ? (size_t)(query - target) : target_length;
	if (!request.is_head && !text_equals(text, method_length, "GET"))
		request.status = 405;
	else
		request.status = !path || text_equals(target, request.path_length, path) ? 200 : 404;
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

/* Each step has a limit of time, as any client may connect and then stand still. */

/* Milliseconds. */
#define REQUEST_LIMIT 10000 /* until the HTTP request is complete */
#define ANSWER_LIMIT 10000  /* until the response is sent */
#define LINGER 1000         /* reading after the response */

#define LINGER_MOST 65536   /* bytes that are read after the response */

struct http_exchange {
	char head[HTTP_REQUEST_MOST + 1];
	size_t length;                  /* bytes of head */
	struct http_request request;
};

/* Waits for events on a descriptor. false: the time `until` has passed. */
static bool wait_for_events(int fd, short events, int64_t until)
{
	struct pollfd ready = { .fd = fd, .events = events };
	int64_t left = until - clock_ms();

	if (left <= 0)
		return false;
	(void)poll(&ready, 1, left > INT_MAX ? INT_MAX : (int)left);
	return true;
}

/* Returns 0, or the status code to refuse the request with; -1: the client sent nothing. */
static int read_head(struct http_exchange *exchange)
{
	int64_t until = clock_ms() + REQUEST_LIMIT;

	for (exchange->length = 0; !http_is_whole(exchange->head, exchange->length);) {
		ssize_t got;

		if (exchange->length == HTTP_REQUEST_MOST)
			return 431;
		if (!wait_for_events(STDIN_FILENO, POLLIN, until))
			return exchange->length ? 408 : -1;
		got = read(STDIN_FILENO, exchange->head + exchange->length, HTTP_REQUEST_MOST - exchange->length);
		if (got < 0 && (errno == EAGAIN || errno == EINTR))
			continue;
		if (got <= 0)
			return exchange->length ? 400 : -1;
		exchange->length += (size_t)got;
	}
	return 0;
}

/* false: the client has left, or takes nothing. */
static bool write_answer(const char *text, size_t length)
{
	int64_t until = clock_ms() + ANSWER_LIMIT;

	while (length) {
		ssize_t written = write(STDOUT_FILENO, text, length);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0 && (errno != EAGAIN || !wait_for_events(STDOUT_FILENO, POLLOUT, until)))
			return false;
		if (written > 0) {
			text += written;
			length -= (size_t)written;
		}
	}
	return true;
}

/* A browser reaches a unix socket only through a proxy, which has its own rules for Host. */
static bool is_for_host(const struct http_exchange *exchange, const char *const *names)
{
	struct sockaddr_storage own = { 0 };
	socklen_t size = sizeof(own);

	if (getsockname(STDIN_FILENO, (struct sockaddr *)&own, &size) == 0 && own.ss_family == AF_UNIX)
		return true;
	return http_host_is_own(exchange->head, exchange->length, names);
}

/* Reads a request and judges it. Returns 1; 0: the client sent nothing; -1 and errno: stdin or stdout is of no use. */
static int receive(struct http_exchange *exchange, const char *path, const char *const *hosts)
{
	struct http_request *request = &exchange->request;

	*request = (struct http_request){ 0 };
	if (fd_set_nonblocking(STDIN_FILENO, true) < 0 || fd_set_nonblocking(STDOUT_FILENO, true) < 0)
		return -1;
	request->status = read_head(exchange);
	if (request->status < 0)
		return 0;
	if (!request->status)
		*request = http_parse(exchange->head, exchange->length, path);
	if (request->status == 200 && hosts && !is_for_host(exchange, hosts))
		request->status = 421;
	return 1;
}

/* If a process closes a TCP connection with unread bytes in it, the kernel resets the connection, and the client may
 * lose the response. */
static void read_until_close(void)
{
	int64_t until = clock_ms() + LINGER;
	char rest[4096];
	size_t sum = 0;

	if (shutdown(STDOUT_FILENO, SHUT_WR) < 0)
		return;
	while (sum < LINGER_MOST && wait_for_events(STDIN_FILENO, POLLIN, until)) {
		ssize_t got = read(STDIN_FILENO, rest, sizeof(rest));

		if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR))
			return;
		sum += got > 0 ? (size_t)got : 0;
	}
}

static void respond(const struct http_exchange *exchange, const struct http_view *view, const char *const *hosts,
		    struct http_response *response)
{
	struct buf out = { 0 }, *body = &response->body;

	if (response->status != 200) {
		buf_clear(body);
		buf_addf(body, "%s\n", http_reason(response->status));
		if (response->status == 421)
			http_add_elsewhere(body, exchange->head, exchange->length, view->builtin, hosts);
		response->type = "text/plain; charset=utf-8";
	}
	buf_addf(&out, "HTTP/1.1 %d %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\nConnection: close\r\n%s%s\r\n",
		 response->status, http_reason(response->status), response->type, body->length, view->fields,
		 response->status == 405 ? "Allow: GET, HEAD\r\n" : "");
	if (!exchange->request.is_head)
		buf_add(&out, buf_string(body), body->length);
	if (write_answer(out.data, out.length))
		read_until_close();
	buf_free(&out);
}

enum ctl_status http_serve(const struct http_view *view, const struct superctl_options *options)
{
	struct http_exchange exchange;
	struct http_response response = { 0 };
	int received = receive(&exchange, view->path, options->hosts);
	enum ctl_status status = CTL_DONE;

	if (received < 0) {
		fprintf(stderr, "superctl: %s: cannot use stdin and stdout: %s\n", view->name, strerror(errno));
		return CTL_FAILED;
	}
	if (!received)
		return CTL_DONE;
	response.status = exchange.request.status;
	if (response.status == 200)
		status = view->answer(options, &exchange.request, &response);
	respond(&exchange, view, options->hosts, &response);
	buf_free(&response.body);
	return status;
}
