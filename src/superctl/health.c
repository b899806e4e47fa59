/* superctl health, which a container's HEALTHCHECK runs every half minute.
 *
 * health prints one line on stdout within HEALTH_LIMIT, even if superd hangs. Of several reasons each follows on a
 * line of its own, and the first line has their number. */
#include "superctl/superctl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/clock.h"

#define HEALTH_LIMIT 5000 /* milliseconds for connecting, asking and the answer */
#define REASONS_MOST 101  /* superd sends a hundred, and the number of the rest */

struct health_report {
	bool answered;                  /* superd has sent a line about health */
	bool healthy;                   /* all services are */
	bool degraded;                  /* at least one service is */
	size_t count;                   /* number of reasons, also of those that superd has only counted */
	size_t lines;                   /* number of reasons that were sent, also of those beyond REASONS_MOST */
	struct buf reasons;             /* separated by newlines */
};

/* Counts a reason. false: there are REASONS_MOST already. */
static bool begin_reason(struct health_report *report)
{
	report->count++;
	if (report->lines++ >= REASONS_MOST)
		return false;
	if (report->lines > 1)
		buf_char(&report->reasons, '\n');
	return true;
}

/* How many reasons beyond the first this one stands for, if it is superd's "and 7 more". */
static size_t count_others(const char *reason)
{
	static const char others[] = "and ";
	unsigned long count;

	if (strncmp(reason, others, sizeof(others) - 1) != 0)
		return 0;
	count = strtoul(reason + sizeof(others) - 1, NULL, 10);
	return count ? count - 1 : 0;
}

/* Adds the reason of a named service, or of a socket of it that is closed though nothing else is wrong. */
static void add_reason(struct health_report *report, const json_t *line)
{
	const json_t *listeners = json_reply_list(line, "listeners");
	struct buf reason = { 0 };

	json_reply_show_text(&reason, line, "reason");
	for (size_t n = 0; n < json_array_size(listeners) && !reason.length; n++)
		facts_add_socket_fault(&reason, json_array_get(listeners, n));
	if (reason.length && begin_reason(report)) {
		json_reply_show_text(&report->reasons, line, "service");
		buf_addf(&report->reasons, ": %s", buf_string(&reason));
	}
	buf_free(&reason);
}

static void add_reasons(struct health_report *report, const json_t *line)
{
	const json_t *reasons = json_reply_list(line, "reasons");

	for (size_t i = 0; i < json_array_size(reasons); i++) {
		const json_t *reason = json_array_get(reasons, i);

		if (begin_reason(report))
			json_reply_show(&report->reasons, reason);
		if (json_is_string(reason))
			report->count += count_others(json_string_value(reason));
	}
	if (*json_reply_text(line, "service"))
		add_reason(report, line);
}

/* Handles a line about superd as a whole, or about one of the named services. */
static bool on_health(void *context, const json_t *line, struct reply_text *text)
{
	struct health_report *report = context;

	(void)text;
	report->healthy = json_reply_flag(line, "healthy") && (report->healthy || !report->answered);
	report->degraded |= json_reply_flag(line, "degraded");
	report->answered = true;
	add_reasons(report, line);
	return true;
}

static void print_report(const struct health_report *report)
{
	fputs(!report->healthy ? "unhealthy" : report->degraded ? "degraded" : "healthy", stdout);
	if (report->count > 1)
		printf(": %zu faults\n%s", report->count, buf_string(&report->reasons));
	else if (report->count)
		printf(": %s", buf_string(&report->reasons));
	if (report->lines > REASONS_MOST)
		printf("\nand %zu more", report->lines - REASONS_MOST);
	putchar('\n');
}

/* The conversation is quiet, because its error becomes the one line of output. */
enum ctl_status view_health(const struct superctl_options *options)
{
	struct conversation conversation = { .until = clock_ms() + HEALTH_LIMIT };
	struct health_report report = { 0 };
	enum ctl_status status = conversation_ask_quietly(&conversation, options, "health", on_health, &report);

	conversation_close(&conversation);
	if (status != CTL_DONE)
		printf("unhealthy: %s\n", buf_string(&conversation.why));
	else if (!report.answered)
		printf("unhealthy: superd did not report its health\n");
	else if (!options->json)
		print_report(&report);
	if (status == CTL_DONE && !report.healthy)
		status = report.answered ? CTL_NOT_ACTIVE : CTL_FAILED;
	buf_free(&conversation.why);
	buf_free(&report.reasons);
	return status;
}
