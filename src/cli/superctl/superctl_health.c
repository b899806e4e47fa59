/* superctl health and version: what a container's HEALTHCHECK asks every half a minute.
 *
 * The hard thing is to be short: one line on stdout whatever comes, within five seconds, superd hanging or not. */
#include <stdio.h>

#include "cli/superctl/superctl_answer.h"
#include "cli/superctl/superctl_talk.h"
#include "cli/superctl/superctl_views.h"

#define HEALTH_LIMIT 5000 /* milliseconds for all of it */
#define REASONS_MOST 101 /* superd's own are a hundred, and how many more there are */

struct finding {
	const struct order *order;
	bool answered, healthy, degraded;       /* of several services healthy is that all are, degraded that one is */
	size_t count;                   /* of reasons */
	struct buf reasons;
};

/* false: there are enough of them. */
static bool begin_reason(struct finding *finding)
{
	if (finding->count++ >= REASONS_MOST)
		return false;
	if (finding->count > 1)
		buf_text(&finding->reasons, "; ");
	return true;
}

static void take_reasons(struct finding *finding, const json_t *line)
{
	const json_t *reasons = answer_list(line, "reasons");

	for (size_t i = 0; i < json_array_size(reasons); i++) {
		if (begin_reason(finding))
			answer_show(&finding->reasons, json_array_get(reasons, i));
	}
	if (!*answer_text(line, "service") || !*answer_text(line, "reason") || !begin_reason(finding))
		return;
	answer_show_text(&finding->reasons, line, "service");
	buf_text(&finding->reasons, ": ");
	answer_show_text(&finding->reasons, line, "reason");
}

/* Of superd, or of one of the services that were named. */
static bool take_health(void *context, const json_t *line, const char *text)
{
	struct finding *finding = context;

	(void)text;
	finding->healthy = answer_flag(line, "healthy") && (finding->healthy || !finding->answered);
	finding->degraded |= answer_flag(line, "degraded");
	finding->answered = true;
	take_reasons(finding, line);
	return true;
}

static void print_finding(const struct finding *finding)
{
	const char *reasons = buf_string(&finding->reasons);

	printf("%s%s%s", !finding->healthy ? "unhealthy" : finding->degraded ? "degraded" : "healthy",
	       *reasons ? ": " : "", reasons);
	if (finding->count > REASONS_MOST)
		printf("; and %zu more", finding->count - REASONS_MOST);
	putchar('\n');
}

/* The talk is quiet, so that what went wrong is the one line too. */
enum ctl_status view_health(const struct order *order)
{
	struct talk talk = { .until = cable_now() + HEALTH_LIMIT, .patience = CABLE_FOREVER, .quiet = true };
	struct finding finding = { .order = order };
	struct buf request = { 0 };
	enum ctl_status status = talk_open(&talk, order);

	if (status == CTL_DONE) {
		talk_request(&request, order, "health");
		status = talk_send(&talk, &request);
		if (status == CTL_DONE)
			status = talk_hear(&talk, take_health, &finding);
		talk_close(&talk);
	}
	if (status != CTL_DONE)
		printf("unhealthy: %s\n", buf_string(&talk.why));
	else if (!finding.answered)
		printf("unhealthy: superd did not say how it is\n");
	else if (!order->json)
		print_finding(&finding);
	if (status == CTL_DONE && !finding.healthy)
		status = finding.answered ? CTL_NOT_ACTIVE : CTL_FAILED;
	buf_free(&talk.why);
	buf_free(&finding.reasons);
	buf_free(&request);
	return status;
}

static bool show_version(void *context, const json_t *line, const char *text)
{
	const struct order *order = context;
	struct buf out = { 0 };
	bool printed;

	(void)text;
	if (order->json)
		return true;
	buf_text(&out, "superd ");
	answer_show_text(&out, line, "version");
	if (*answer_text(line, "build")) {
		buf_text(&out, " (build ");
		answer_show_text(&out, line, "build");
		buf_char(&out, ')');
	}
	if (answer_has_number(line, "pid"))
		buf_addf(&out, ", pid %.0f", answer_number(line, "pid"));
	buf_char(&out, '\n');
	printed = talk_print(&out);
	buf_free(&out);
	return printed;
}

enum ctl_status view_version(const struct order *order)
{
	if (!order->json)
		printf("superctl %s\n", PACKAGE_VERSION);
	return talk_ask(order, "version", TALK_PATIENCE, show_version, (void *)(size_t)order);
}
