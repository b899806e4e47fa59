/* superctl health, which a container's HEALTHCHECK runs every half minute.
 *
 * health prints one line on stdout within HEALTH_LIMIT, even if superd hangs. Of several reasons each follows on a
 * line of its own, and the first line has their number. */
#include "superctl/superctl.h"

#define HEALTH_LIMIT 5000 /* milliseconds for connecting, asking and the answer */

struct health_report {
	bool answered;	    /* superd has sent a line about health */
	bool healthy;	    /* all services are */
	bool degraded;	    /* at least one service is */
	size_t count;	    /* number of faults, also of those that superd has only counted */
	struct buf reasons; /* a line each */
};

/* Handles a line about superd as a whole, or about one of the named services. */
static bool on_health(void *context, const json_t *line, struct reply_text *text)
{
	const json_t *reasons = json_reply_list(line, "reasons"), *each;
	struct health_report *report = context;
	size_t n;

	(void)text;
	report->healthy = json_reply_flag(line, "healthy") && (report->healthy || !report->answered);
	report->degraded |= json_reply_flag(line, "degraded");
	report->answered = true;
	report->count += (size_t)json_reply_count(line, "faults");
	json_array_foreach(reasons, n, each)
	{
		buf_char(&report->reasons, '\n');
		json_reply_show(&report->reasons, each);
	}
	report->count += template_add(&report->reasons, line, "[\n{service}: {reason}]{?reason}");
	return true;
}

/* The conversation is quiet, because its error becomes the one line of output. */
enum ctl_status verb_health(const struct superctl_options *options)
{
	struct ctl_client client = { .until = clock_ms() + HEALTH_LIMIT };
	struct health_report report = { 0 };
	FILE *flaws = options->json ? stderr : stdout;
	enum ctl_status status = client_ask_quietly(&client, options, "health", on_health, &report);

	client_close(&client);
	if (status != CTL_DONE)
		fprintf(flaws, "unhealthy: %s\n", buf_string(&client.why));
	else if (!report.answered)
		fprintf(flaws, "unhealthy: superd did not report its health\n");
	else if (!options->json) {
		fputs(!report.healthy ? "unhealthy" : report.degraded ? "degraded" : "healthy", stdout);
		if (report.count > 1)
			printf(": %zu faults%s", report.count, buf_string(&report.reasons));
		else if (report.reasons.length)
			printf(": %s", buf_string(&report.reasons) + 1);
		putchar('\n');
	}
	if (status == CTL_DONE && !report.healthy)
		status = report.answered ? CTL_NOT_ACTIVE : CTL_FAILED;
	buf_free(&client.why);
	buf_free(&report.reasons);
	return status;
}
