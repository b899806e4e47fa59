/* superctl reload and diff: print what a reload did or would do to each service, and the errors in the table.
 *
 * Diagnostics go to stderr in the form of superd --check, FILE:LINE:COL: severity: message, which editors understand.
 * Results go to stdout. */
#include "superctl/superctl.h"

#include <stdio.h>

/* A file system or server that does not answer may hold the reading for ever. systemd ends ExecReload= after 90 s. */
#define TABLE_TIMEOUT INT64_C(60000000) /* microseconds */

static const char diagnostic[] = "[{file}][:{line}{?line}][:{column}{?column}][{?file}: ]{severity}: {diagnostic}\n"
				 "[  hint: {hint}\n]";

static bool show_line(void *failures, const json_t *line, struct reply_text *text)
{
	bool failed = json_is_false(json_object_get(line, "ok")) || json_reply_is(line, "result", "failed");

	*(size_t *)failures += failed;
	if (json_reply_is(line, "severity", "note"))
		return true; /* diff has them: what a reload repeats each time hides the line that matters */
	if (*json_reply_text(line, "diagnostic"))
		(void)template_add(&text->err, line, diagnostic);
	else
		(void)template_add(failed ? &text->err : &text->out, line,
				   "[{service}: [{result}][ ({options})][: {message}]\n|{unchanged} unchanged\n]");
	return true;
}

enum ctl_status verb_reload(const struct superctl_options *options)
{
	struct superctl_options bounded = *options;
	size_t failures = 0;
	enum ctl_status status;

	if (options->check && options->name_count) {
		fprintf(stderr, "superctl: reload: --check goes with no name of a service\n");
		return CTL_USAGE;
	}
	if (options->check)
		return verb_diff(options);
	if (options->name_count)
		return verb_act(options);
	if (!options->has_timeout && !options->no_wait)
		bounded.timeout = TABLE_TIMEOUT;
	status = client_ask(&bounded, "reload", show_line, &failures);
	return status == CTL_DONE && failures ? CTL_FAILED : status;
}

/* The settings of superd itself, as against a service, which may be called superd, too. */
static bool is_block(const json_t *line)
{
	return *json_reply_text(line, "block");
}

/* "web: changed", and a line for each option: its value now, and after a reload. */
static void add_difference(struct buf *out, const json_t *line)
{
	const json_t *options = json_reply_list(line, "options"), *option;
	size_t n;

	(void)template_add(out, line, is_block(line) ? "{block}" : "{service}");
	buf_text(out, is_block(line) ? " { }" : "");
	(void)template_add(out, line, ": {result}\n");
	json_array_foreach(options, n, option)
		(void)template_add(out, option, "    {option}: [{before}|none] -> [{after}|none]\n");
}

static bool show_difference(void *differs, const json_t *line, struct reply_text *text)
{
	if (*json_reply_text(line, "diagnostic")) {
		(void)template_add(&text->err, line, diagnostic);
	} else if (is_block(line) || *json_reply_text(line, "service")) {
		*(bool *)differs = true;
		add_difference(&text->out, line);
	} else {
		(void)template_add(&text->out, line,
				   "[{unchanged} unchanged, {changed} changed, {added} added, {removed} removed\n]");
	}
	return true;
}

/* Exits as diff(1) does: 0 without a difference, 1 with one, more if something failed. */
enum ctl_status verb_diff(const struct superctl_options *options)
{
	bool differs = false;
	enum ctl_status status = client_ask(options, "diff", show_difference, &differs);

	if (status == CTL_FAILED)
		return CTL_USAGE;
	return status == CTL_DONE && differs ? CTL_FAILED : status;
}
