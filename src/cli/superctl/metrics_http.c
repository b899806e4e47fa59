/* superctl metrics: asks superd for its counters, and prints them, or with --http answers one HTTP request on stdin and
 * stdout, a connection that superd accepted.
 *
 * If a process closes a TCP connection with unread bytes in it, the kernel resets the connection, and the client
 * may lose the answer. So superctl shuts down its sending side and then reads for a while what the client still
 * sends. Each step has a limit. */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "cli/superctl/conversation.h"
#include "cli/superctl/http.h"
#include "cli/superctl/metrics.h"
#include "cli/superctl/views.h"

/* Milliseconds. */
#define REQUEST_LIMIT 10000 /* until the HTTP request is complete */
#define ANSWER_LIMIT 10000  /* until the response is sent */
#define ASK_LIMIT 30000     /* for superd's answer */
#define HTTP_ASK_LIMIT 5000 /* the same with --http */
#define LINGER 1000         /* reading after the response */

#define LINGER_MOST 65536   /* bytes that are read after the response */

struct metrics_view {
	json_t *lines;                  /* array of the lines of the answer, owned */
	bool failed;                    /* out of memory */
};

static bool keep_line(void *context, const json_t *line, const char *text)
{
	struct metrics_view *view = context;

	(void)text;
	view->failed |= json_array_append(view->lines, (json_t *)(size_t)line) < 0;
	return !view->failed;
}

/* Asks superd within `limit` milliseconds, and adds the page to `out`. It prints no error: *why has it, and the caller
 * frees it. */
static enum ctl_status ask_metrics(const struct superctl_options *options, int64_t limit, struct buf *out,
				   struct buf *why)
{
	struct conversation conversation = { .until = clock_ms() + limit,
					     .timeout = TRANSPORT_FOREVER,
					     .quiet = true };
	struct metrics_view view = { .lines = json_array() };
	struct buf request = { 0 };
	enum ctl_status status = conversation_open(&conversation, options);

	if (status == CTL_DONE) {
		conversation_request(&request, options, "metrics");
		status = conversation_send(&conversation, &request);
		if (status == CTL_DONE)
			status = conversation_read(&conversation, keep_line, &view);
		if (status == CTL_DONE && !options->json)
			metrics_compose(out, options->format, conversation.greeting, view.lines);
		conversation_close(&conversation);
	}
	if (view.failed || (status == CTL_DONE && out->failed)) {
		buf_text(&conversation.why, "out of memory");
		status = CTL_FAILED;
	}
	json_decref(view.lines);
	buf_free(&request);
	*why = conversation.why;
	return status;
}

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

/* Reads the request's head into `text`. Returns 0, or the status code to refuse it with; -1: the client sent nothing,
 * so it gets no response. */
static int read_head(char text[static HTTP_REQUEST_MOST + 1], size_t *length)
{
	int64_t until = clock_ms() + REQUEST_LIMIT;

	for (*length = 0; !http_is_whole(text, *length);) {
		ssize_t got;

		if (*length == HTTP_REQUEST_MOST)
			return 431;
		if (!wait_for_events(STDIN_FILENO, POLLIN, until))
			return *length ? 408 : -1;
		got = read(STDIN_FILENO, text + *length, HTTP_REQUEST_MOST - *length);
		if (got < 0 && (errno == EAGAIN || errno == EINTR))
			continue;
		if (got <= 0)
			return *length ? 400 : -1;
		*length += (size_t)got;
	}
	return 0;
}

static bool write_response(const char *text, size_t length)
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

static bool send_response(const struct http_request *request, enum metrics_format format, const struct buf *page)
{
	bool good = request->status == 200;
	struct buf out = { 0 };
	bool ok;

	buf_addf(&out, "HTTP/1.1 %d %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\nConnection: close\r\n",
		 request->status, http_reason(request->status),
		 good ? metrics_content_type(format) : "text/plain; charset=utf-8", page->length);
	if (request->status == 405)
		buf_text(&out, "Allow: GET, HEAD\r\n");
	buf_text(&out, "\r\n");
	if (!request->is_head)
		buf_add(&out, buf_string(page), page->length);
	out.failed |= page->failed;
	ok = !out.failed && write_response(out.data, out.length);
	buf_free(&out);
	return ok;
}

/* Shuts down the sending side, and reads until the client closes its side, for at most LINGER. */
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

/* OpenMetrics, if the client's Accept prefers it or gives both formats the same weight. */
static enum metrics_format choose_format(const struct superctl_options *options, const char *head, size_t length)
{
	double open = http_accepts(head, length, "application/openmetrics-text");
	double text = http_accepts(head, length, "text/plain");

	if (open <= 0 && text <= 0)
		return options->format;
	return open >= text ? METRICS_OPENMETRICS : METRICS_TEXT;
}

/* Makes the body of the response. An error goes to stderr, and so to superd's log. The client only sees status 503. */
static enum ctl_status make_page(const struct superctl_options *options, enum metrics_format format,
				 struct http_request *request, struct buf *page)
{
	struct superctl_options plain = *options;
	struct buf why = { 0 };
	enum ctl_status status = CTL_DONE;

	plain.json = false;
	plain.format = format;
	if (request->status == 200)
		status = ask_metrics(&plain, HTTP_ASK_LIMIT, page, &why);
	if (status != CTL_DONE) {
		fprintf(stderr, "superctl: %s\n", buf_string(&why));
		request->status = 503;
		buf_clear(page);
	}
	if (request->status != 200)
		buf_addf(page, "%s\n", http_reason(request->status));
	buf_free(&why);
	return status;
}

static enum ctl_status serve_http(const struct superctl_options *options)
{
	char text[HTTP_REQUEST_MOST + 1];
	struct http_request request = { 0 };
	enum metrics_format format = options->format;
	struct buf page = { 0 };
	enum ctl_status status;
	size_t length;

	if (fd_set_nonblocking(STDIN_FILENO, true) < 0 || fd_set_nonblocking(STDOUT_FILENO, true) < 0) {
		fprintf(stderr, "superctl: metrics --http: cannot use stdin and stdout: %s\n", strerror(errno));
		return CTL_FAILED;
	}
	request.status = read_head(text, &length);
	if (request.status < 0)
		return CTL_DONE;
	if (!request.status) {
		request = http_parse(text, length, "/metrics");
		format = choose_format(options, text, length);
	}
	status = make_page(options, format, &request, &page);
	if (!send_response(&request, format, &page))
		status = CTL_FAILED;
	else
		read_until_close();
	buf_free(&page);
	return status;
}

enum ctl_status view_metrics(const struct superctl_options *options)
{
	struct buf out = { 0 }, why = { 0 };
	enum ctl_status status;

	if (options->http)
		return serve_http(options);
	status = ask_metrics(options, ASK_LIMIT, &out, &why);
	if (status != CTL_DONE)
		fprintf(stderr, "superctl: %s\n", buf_string(&why));
	else if (!conversation_print(&out))
		status = CTL_FAILED;
	buf_free(&out);
	buf_free(&why);
	return status;
}
