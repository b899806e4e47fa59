/* superctl metrics: asks superd for its counters, and prints them, or with --http answers one HTTP request on stdin and
 * stdout, a connection that superd accepted. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/clock.h"
#include "superctl/conversation.h"
#include "superctl/http.h"
#include "superctl/http_connection.h"
#include "superctl/metrics.h"
#include "superctl/views.h"

/* Milliseconds. */
#define ASK_LIMIT 30000     /* for superd's answer */
#define HTTP_ASK_LIMIT 5000 /* the same with --http */

static bool keep_line(void *lines, const json_t *line, struct reply_text *text)
{
	(void)text;
	return json_array_append(lines, (json_t *)(size_t)line) == 0;
}

/* Asks superd within `limit` milliseconds, and adds the page to `out`. It prints no error: *why has it, and the caller
 * frees it. */
static enum ctl_status ask_metrics(const struct superctl_options *options, int64_t limit, struct buf *out,
				   struct buf *why)
{
	struct conversation conversation = { .until = clock_ms() + limit };
	json_t *lines = json_array();
	struct buf request = { 0 };
	enum ctl_status status;

	conversation_request(&request, options, "metrics");
	status = conversation_ask_quietly(&conversation, options, &request, keep_line, lines);
	if (status == CTL_DONE && !options->json)
		metrics_compose(out, conversation.greeting, lines);
	conversation_close(&conversation);
	json_decref(lines);
	buf_free(&request);
	*why = conversation.why;
	return status;
}

/* Makes the body of the response. An error goes to stderr, and so to superd's log. The client only sees status 503. */
static enum ctl_status make_page(const struct superctl_options *options, struct http_request *request,
				 struct buf *page)
{
	struct superctl_options plain = *options;
	struct buf why = { 0 };
	enum ctl_status status = CTL_DONE;

	plain.json = false;
	if (request->status == 200)
		status = ask_metrics(&plain, HTTP_ASK_LIMIT, page, &why);
	if (status != CTL_DONE) {
		fprintf(stderr, "superctl: %s\n", buf_string(&why));
		request->status = 503;
		buf_clear(page);
	}
	buf_free(&why);
	return status;
}

static enum ctl_status serve_http(const struct superctl_options *options)
{
	struct http_exchange exchange;
	struct buf page = { 0 };
	enum ctl_status status;
	int received = http_receive(&exchange, "/metrics", options->hosts);

	if (received < 0) {
		fprintf(stderr, "superctl: metrics --http: cannot use stdin and stdout: %s\n", strerror(errno));
		return CTL_FAILED;
	}
	if (!received)
		return CTL_DONE;
	status = make_page(options, &exchange.request, &page);
	http_respond(&exchange.request, "text/plain; version=0.0.4; charset=utf-8", "", &page);
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
