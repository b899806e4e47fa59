/* superctl metrics: asks superd for its counters, and prints them, or with --http answers one HTTP request on stdin and
 * stdout, a connection that superd accepted. */
#include <stdio.h>

#include "lib/clock.h"
#include "superctl/conversation.h"
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

/* An error goes to stderr, and so to superd's log. The client only sees status 503. */
static enum ctl_status answer(const struct superctl_options *options, const struct http_request *request,
			      struct http_response *response)
{
	struct superctl_options plain = *options;
	struct buf why = { 0 };
	enum ctl_status status;

	(void)request;
	plain.json = false;
	status = ask_metrics(&plain, HTTP_ASK_LIMIT, &response->body, &why);
	response->type = "text/plain; version=0.0.4; charset=utf-8";
	if (status != CTL_DONE) {
		fprintf(stderr, "superctl: %s\n", buf_string(&why));
		response->status = 503;
	}
	buf_free(&why);
	return CTL_DONE;
}

enum ctl_status view_metrics(const struct superctl_options *options)
{
	static const struct http_view http = { "metrics --http", "/metrics", "", answer };
	struct buf out = { 0 }, why = { 0 };
	enum ctl_status status;

	if (options->http)
		return http_serve(&http, options);
	status = ask_metrics(options, ASK_LIMIT, &out, &why);
	if (status != CTL_DONE)
		fprintf(stderr, "superctl: %s\n", buf_string(&why));
	else if (!conversation_print(&out))
		status = CTL_FAILED;
	buf_free(&out);
	buf_free(&why);
	return status;
}
