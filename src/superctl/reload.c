/* superctl reload and diff: print what a reload did or would do to each service, and the errors in the table.
 *
 * Diagnostics go to stderr in the form of superd --check, FILE:LINE:COL: severity: message, which editors understand.
 * Results go to stdout. */
#include <stdio.h>

#include "superctl/conversation.h"
#include "superctl/json_reply.h"
#include "superctl/views.h"

/* A file system or server that does not answer may hold the reading for ever. systemd ends ExecReload= after 90 s. */
#define TABLE_TIMEOUT INT64_C(60000000) /* microseconds */

struct reload_view {
	const struct superctl_options *options;
	size_t failed;                  /* number of services that failed */
};

static void add_diagnostic(struct buf *out, const json_t *line)
{
	json_reply_show_text(out, line, "file");
	if (json_reply_number(line, "line") > 0)
		buf_addf(out, ":%.0f", json_reply_number(line, "line"));
	if (json_reply_number(line, "column") > 0)
		buf_addf(out, ":%.0f", json_reply_number(line, "column"));
	if (*json_reply_text(line, "file"))
		buf_text(out, ": ");
	json_reply_show_text(out, line, "severity");
	buf_text(out, ": ");
	json_reply_show_text(out, line, "diagnostic");
	buf_char(out, '\n');
	if (!*json_reply_text(line, "hint"))
		return;
	buf_text(out, "  hint: ");
	json_reply_show_text(out, line, "hint");
	buf_char(out, '\n');
}

/* "(env, exec)" */
static void add_options(struct buf *out, const json_t *options)
{
	for (size_t i = 0; i < json_array_size(options); i++) {
		buf_text(out, i ? ", " : " (");
		json_reply_show(out, json_array_get(options, i));
	}
	if (json_array_size(options))
		buf_char(out, ')');
}

static void add_service(struct buf *out, const json_t *line)
{
	json_reply_show_text(out, line, "service");
	buf_text(out, ": ");
	json_reply_show_text(out, line, "result");
	add_options(out, json_reply_list(line, "options"));
	if (*json_reply_text(line, "message")) {
		buf_text(out, ": ");
		json_reply_show_text(out, line, "message");
	}
	buf_char(out, '\n');
}

static bool show_line(void *context, const json_t *line, const char *text)
{
	struct reload_view *view = context;
	bool failed = json_is_false(json_object_get(line, "ok")) || json_reply_is(line, "result", "failed");
	bool ok = true, is_diagnostic = *json_reply_text(line, "diagnostic");
	struct buf out = { 0 };

	(void)text;
	view->failed += failed;
	if (view->options->json)
		return true;
	if (is_diagnostic)
		add_diagnostic(&out, line);
	else if (*json_reply_text(line, "service"))
		add_service(&out, line);
	else if (json_reply_has_number(line, "unchanged"))
		buf_addf(&out, "%.0f unchanged\n", json_reply_number(line, "unchanged"));
	if (is_diagnostic || failed)
		fputs(buf_string(&out), stderr);
	else
		ok = conversation_print(&out);
	buf_free(&out);
	return ok;
}

enum ctl_status view_reload(const struct superctl_options *options)
{
	struct superctl_options bounded = *options;
	struct reload_view view = { .options = options };
	enum ctl_status status;

	if (options->check && options->name_count) {
		fprintf(stderr, "superctl: reload: --check goes with no name of a service\n");
		return CTL_USAGE;
	}
	if (options->check)
		return view_diff(options);
	if (options->name_count && !options->allow_empty)
		return view_act(options);
	if (!options->has_timeout && !options->no_wait)
		bounded.timeout = TABLE_TIMEOUT;
	status = conversation_ask(&bounded, "reload", conversation_answer_timeout(&bounded), show_line, &view);
	return status == CTL_DONE && view.failed ? CTL_FAILED : status;
}

struct diff_view {
	const struct superctl_options *options;
	bool differs;
};

static void add_value(struct buf *out, const json_t *option, const char *field)
{
	if (json_is_null(json_object_get(option, field)))
		buf_text(out, "none");
	else
		json_reply_show_text(out, option, field);
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

	if (is_block(line)) {
		json_reply_show_text(out, line, "block");
		buf_text(out, " { }");
	} else {
		json_reply_show_text(out, line, "service");
	}
	buf_text(out, ": ");
	json_reply_show_text(out, line, "result");
	buf_char(out, '\n');
	json_array_foreach(options, n, option) {
		buf_text(out, "    ");
		json_reply_show_text(out, option, "option");
		buf_text(out, ": ");
		add_value(out, option, "before");
		buf_text(out, " -> ");
		add_value(out, option, "after");
		buf_char(out, '\n');
	}
}

static bool show_difference(void *context, const json_t *line, const char *text)
{
	struct diff_view *view = context;
	bool ok = true, is_diagnostic = *json_reply_text(line, "diagnostic");
	bool is_difference = is_block(line) || *json_reply_text(line, "service");
	struct buf out = { 0 };

	(void)text;
	view->differs |= is_difference;
	if (view->options->json)
		return true;
	if (is_diagnostic)
		add_diagnostic(&out, line);
	else if (is_difference)
		add_difference(&out, line);
	else if (json_reply_has_number(line, "unchanged"))
		buf_addf(&out, "%.0f unchanged, %.0f changed, %.0f added, %.0f removed\n",
			 json_reply_number(line, "unchanged"), json_reply_number(line, "changed"),
			 json_reply_number(line, "added"), json_reply_number(line, "removed"));
	if (is_diagnostic)
		fputs(buf_string(&out), stderr);
	else
		ok = conversation_print(&out);
	buf_free(&out);
	return ok;
}

/* Exits as diff(1) does: 0 without a difference, 1 with one, more if something failed. */
enum ctl_status view_diff(const struct superctl_options *options)
{
	struct diff_view view = { .options = options };
	enum ctl_status status = conversation_ask(options, "diff", TRANSPORT_FOREVER, show_difference, &view);

	if (status == CTL_FAILED)
		return CTL_USAGE;
	return status == CTL_DONE && view.differs ? CTL_FAILED : status;
}
