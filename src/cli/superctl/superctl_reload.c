/* superctl reload: what became of each service, and what is wrong with the table, where it was written.
 *
 * The hard thing is to look like superd --check, so that editors find the place: FILE:LINE:COL: severity: what, on
 * stderr; what was done is on stdout. */
#include <stdio.h>

#include "cli/superctl/superctl_answer.h"
#include "cli/superctl/superctl_talk.h"
#include "cli/superctl/superctl_views.h"

struct reloading {
	const struct order *order;
	size_t failed;
};

static void add_diagnostic(struct buf *out, const json_t *line)
{
	answer_show_text(out, line, "file");
	if (answer_number(line, "line") > 0)
		buf_addf(out, ":%.0f", answer_number(line, "line"));
	if (answer_number(line, "column") > 0)
		buf_addf(out, ":%.0f", answer_number(line, "column"));
	if (*answer_text(line, "file"))
		buf_text(out, ": ");
	answer_show_text(out, line, "severity");
	buf_text(out, ": ");
	answer_show_text(out, line, "diagnostic");
	buf_char(out, '\n');
	if (!*answer_text(line, "hint"))
		return;
	buf_text(out, "  hint: ");
	answer_show_text(out, line, "hint");
	buf_char(out, '\n');
}

/* "(env, exec)" */
static void add_options(struct buf *out, const json_t *options)
{
	for (size_t i = 0; i < json_array_size(options); i++) {
		buf_text(out, i ? ", " : " (");
		answer_show(out, json_array_get(options, i));
	}
	if (json_array_size(options))
		buf_char(out, ')');
}

static void add_service(struct buf *out, const json_t *line)
{
	bool has_result = *answer_text(line, "result");

	answer_show_text(out, line, "service");
	buf_text(out, ": ");
	answer_show_text(out, line, has_result ? "result" : "state");
	add_options(out, answer_list(line, "options"));
	if (*answer_text(line, "message")) {
		buf_text(out, ": ");
		answer_show_text(out, line, "message");
	}
	buf_char(out, '\n');
}

static bool show_line(void *context, const json_t *line, const char *text)
{
	struct reloading *reloading = context;
	bool failed = json_is_false(json_object_get(line, "ok")) || answer_is(line, "result", "failed");
	bool ok = true, is_diagnostic = *answer_text(line, "diagnostic");
	struct buf out = { 0 };

	(void)text;
	reloading->failed += failed;
	if (reloading->order->json)
		return true;
	if (is_diagnostic)
		add_diagnostic(&out, line);
	else if (*answer_text(line, "service"))
		add_service(&out, line);
	else if (answer_has_number(line, "unchanged"))
		buf_addf(&out, "%.0f unchanged\n", answer_number(line, "unchanged"));
	if (is_diagnostic || failed)
		fputs(buf_string(&out), stderr);
	else
		ok = talk_print(&out);
	buf_free(&out);
	return ok;
}

enum ctl_status view_reload(const struct order *order)
{
	struct reloading reloading = { .order = order };
	enum ctl_status status = talk_ask(order, "reload", CABLE_FOREVER, show_line, &reloading);

	return status == CTL_DONE && reloading.failed ? CTL_FAILED : status;
}
