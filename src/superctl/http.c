/* One HTTP request and its response over a connection, and texts in HTML. */
#include "superctl/superctl.h"

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

/* Each step has a limit of time, as any client may connect and then stand still. */

/* Milliseconds. */
#define REQUEST_LIMIT 10000 /* until the HTTP request is complete */
#define ANSWER_LIMIT 300000 /* until the response is sent, by a slow link, too */
#define ANSWER_STALL 10000  /* that the client takes nothing of it */
#define LINGER 1000	    /* reading after the response */

#define LINGER_MOST 65536 /* bytes that are read after the response */

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
static int read_head(char head[HTTP_REQUEST_MOST], size_t *length)
{
	int64_t until = clock_ms() + REQUEST_LIMIT;

	for (*length = 0; !http_is_whole(head, *length);) {
		ssize_t got;

		if (*length == HTTP_REQUEST_MOST)
			return 431;
		if (!wait_for_events(STDIN_FILENO, POLLIN, until))
			return *length ? 408 : -1;
		got = read(STDIN_FILENO, head + *length, HTTP_REQUEST_MOST - *length);
		if (got < 0 && (errno == EAGAIN || errno == EINTR))
			continue;
		if (got <= 0)
			return *length ? 400 : -1;
		*length += (size_t)got;
	}
	return 0;
}

/* false: the client has left, or takes nothing. */
static bool write_answer(const char *text, size_t length)
{
	int64_t limit = clock_ms() + ANSWER_LIMIT, until = clock_ms() + ANSWER_STALL;

	while (length) {
		ssize_t written = write(STDOUT_FILENO, text, length);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0 && (errno != EAGAIN || !wait_for_events(STDOUT_FILENO, POLLOUT, until)))
			return false;
		if (written > 0) {
			text += written;
			length -= (size_t)written;
			until = clock_ms() + ANSWER_STALL;
			until = until < limit ? until : limit;
		}
	}
	return true;
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

enum ctl_status http_serve(const struct http_view *view, const struct superctl_options *options)
{
	char head[HTTP_REQUEST_MOST];
	struct http_response response = { 0 };
	struct http_request request = { 0 };
	struct sockaddr_storage own = { 0 };
	struct buf out = { 0 }, *body = &response.body;
	enum ctl_status status = CTL_DONE;
	socklen_t size = sizeof(own);
	size_t length;

	if (fd_set_nonblocking(STDIN_FILENO, true) < 0 || fd_set_nonblocking(STDOUT_FILENO, true) < 0) {
		fprintf(stderr, "superctl: %s: cannot use stdin and stdout: %s\n", view->name, strerror(errno));
		return CTL_FAILED;
	}
	request.status = read_head(head, &length);
	if (request.status < 0)
		return CTL_DONE;
	if (!request.status)
		request = http_parse(head, length, view->path);
	/* A browser reaches a unix socket only through a proxy, which has its own rules for Host. */
	if (request.status == 200 && options->hosts &&
	    !(getsockname(STDIN_FILENO, (struct sockaddr *)&own, &size) == 0 && own.ss_family == AF_UNIX) &&
	    !http_host_is_own(head, length, options->hosts))
		request.status = 421;
	response.status = request.status;
	if (response.status == 200)
		status = view->answer(options, &request, &response);
	if (response.status != 200) {
		buf_clear(body);
		buf_addf(body, "%s\n", http_reason(response.status));
		if (response.status == 421)
			http_add_elsewhere(body, head, length, view->builtin, options->hosts);
		response.type = "text/plain; charset=utf-8";
	}
	http_add_head(&out, response.status, response.type, body->length, view->fields);
	if (!request.is_head)
		buf_add(&out, buf_string(body), body->length);
	if (write_answer(out.data, out.length))
		read_until_close();
	buf_free(&out);
	buf_free(body);
	return status;
}
