/* superctl reload and diff: print what a reload did or would do to each service, and the errors in the table.
 *
 * Diagnostics go to stderr in the form of superd --check, FILE:LINE:COL: severity: message, which editors understand.
 * Results go to stdout. */
#include "superctl/superctl.h"

/* A file system or server that does not answer may hold the reading for ever. systemd ends ExecReload= after 90 s. */
#define TABLE_TIMEOUT INT64_C(60000000) /* microseconds */

static const char diagnostic[] = "[{file}][:{line}{?line}][:{column}{?column}][{?file}: ]{severity}: {diagnostic}\n"
				 "[  hint: {hint}\n]";

struct report {
	size_t failed, changed;
	bool is_diff;
};

static bool show_line(void *context, const json_t *line, struct reply_text *text)
{
	bool failed = json_is_false(json_object_get(line, "ok")) || json_reply_is(line, "result", "failed");
	struct report *report = context;

	report->failed += failed;
	report->changed += *json_reply_text(line, "result") != '\0';
	if (json_reply_is(line, "severity", "note") && !report->is_diff)
		return true; /* what a reload repeats each time hides the line that matters */
	if (*json_reply_text(line, "diagnostic"))
		(void)template_add(&text->err, line, diagnostic);
	else
		(void)template_add(json_reply_is(line, "result", "failed") ? &text->err : &text->out, line,
				   "[{service}: [{result}][ ({options})][: {message}]\n"
				   "|block {block}: {result} ({options})\n|{unchanged} unchanged\n]");
	return true;
}

static enum ctl_status ask(const struct superctl_options *options, const char *verb, struct report *report)
{
	struct superctl_options bounded = *options;

	if (!options->has_timeout && !options->no_wait)
		bounded.timeout = TABLE_TIMEOUT;
	return client_ask(&bounded, verb, show_line, report);
}

enum ctl_status verb_reload(const struct superctl_options *options)
{
	struct report report = { 0 };
	enum ctl_status status = options->name_count ? verb_act(options) : ask(options, "reload", &report);

	return status == CTL_DONE && report.failed ? CTL_FAILED : status;
}

/* Exits as diff(1) does: 0 without a difference, 1 with one, more if something failed. */
enum ctl_status verb_diff(const struct superctl_options *options)
{
	struct report report = { .is_diff = true };
	enum ctl_status status = ask(options, "diff", &report);

	if (status == CTL_FAILED)
		return CTL_USAGE;
	return status == CTL_DONE && report.changed ? CTL_FAILED : status;
}
