/* superctl metrics: asks superd for its counters, and prints them. */
#include <stdio.h>

#include "lib/clock.h"
#include "superctl/conversation.h"
#include "superctl/metrics.h"
#include "superctl/views.h"

#define ASK_LIMIT 30000                 /* milliseconds for superd's answer */

static bool keep_line(void *lines, const json_t *line, struct reply_text *text)
{
	(void)text;
	return json_array_append(lines, (json_t *)(size_t)line) == 0;
}

enum ctl_status metrics_ask(const struct superctl_options *options, int64_t limit, struct buf *out, struct buf *why)
{
	struct conversation conversation = { .until = clock_ms() + limit };
	json_t *lines = json_array();
	enum ctl_status status = conversation_ask_quietly(&conversation, options, "metrics", keep_line, lines);

	if (status == CTL_DONE && !options->json)
		metrics_compose(out, conversation.greeting, lines);
	conversation_close(&conversation);
	json_decref(lines);
	*why = conversation.why;
	return status;
}

enum ctl_status view_metrics(const struct superctl_options *options)
{
	struct buf out = { 0 }, why = { 0 };
	enum ctl_status status = metrics_ask(options, ASK_LIMIT, &out, &why);

	if (status != CTL_DONE)
		fprintf(stderr, "superctl: %s\n", buf_string(&why));
	else if (!conversation_print(&out))
		status = CTL_FAILED;
	buf_free(&out);
	buf_free(&why);
	return status;
}
