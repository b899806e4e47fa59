/* builtin = metrics: asks superd for its counters, and answers one HTTP request on stdin and stdout, a connection that
 * superd accepted. */
#include <stdio.h>

#include "superctl/http_connection.h"
#include "superctl/metrics.h"
#include "superctl/views.h"

#define ASK_LIMIT 5000                  /* milliseconds for superd's answer */

/* An error goes to stderr, and so to superd's log. The client only sees status 503. */
static enum ctl_status answer(const struct superctl_options *options, const struct http_request *request,
			      struct http_response *response)
{
	struct buf why = { 0 };
	enum ctl_status status = metrics_ask(options, ASK_LIMIT, &response->body, &why);

	(void)request;
	response->type = "text/plain; version=0.0.4; charset=utf-8";
	if (status != CTL_DONE) {
		fprintf(stderr, "superctl: %s\n", buf_string(&why));
		response->status = 503;
	}
	buf_free(&why);
	return CTL_DONE;
}

enum ctl_status view_metrics_page(const struct superctl_options *options)
{
	static const struct http_view http = { "metrics", "metrics", "/metrics", "", answer };

	return http_serve(&http, options);
}
