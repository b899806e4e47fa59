/* superctl idle: how each service would fare with an idle_timeout of 30 s, 5 min and 1 h, by what superd has seen. Each
 * timeout has a line; a service that was not measured has one that says why. */
#include <stdio.h>

#include "cli/superctl/columns.h"
#include "cli/superctl/conversation.h"
#include "cli/superctl/human_units.h"
#include "cli/superctl/json_reply.h"
#include "cli/superctl/views.h"

static const struct column titles[] = {
	{ .title = "SERVICE", .can_shrink = true },
	{ .title = "IDLE_TIMEOUT", .right = true },
	{ .title = "ASLEEP", .right = true },
	{ .title = "WAKES", .right = true },
	{ .title = "SEEN FOR", .right = true },
	{ .title = "FIRST BYTE AFTER", .right = true },
	{ .title = "MEMORY", .right = true },
	{ .title = "SAVED", .right = true },
	{ .title = "NOTE", .can_shrink = true },
};

struct idle_view {
	const struct superctl_options *options;
	struct screen screen;
	struct columns columns;
	struct buf cell;                /* the cell that is being composed */
};

static void end_cell(struct idle_view *view)
{
	columns_add(&view->columns, STYLE_PLAIN, &view->cell);
}

static void add_span(struct idle_view *view, const json_t *object, const char *key)
{
	if (json_reply_has_number(object, key))
		human_units_add_span(&view->cell, json_reply_number(object, key));
	end_cell(view);
}

static void add_bytes(struct idle_view *view, const json_t *object, const char *key)
{
	if (json_reply_has_number(object, key))
		human_units_add_bytes(&view->cell, json_reply_number(object, key));
	end_cell(view);
}

static void add_name(struct idle_view *view, const json_t *service, bool is_first)
{
	if (is_first)
		json_reply_show_text(&view->cell, service, "service");
	columns_add(&view->columns, STYLE_BOLD, &view->cell);
}

/* Adds "start: 5.2 ms, thaw: 400 us", what there was of both. */
static void add_latency(struct idle_view *view, const json_t *service)
{
	bool has_start = json_reply_has_number(service, "start_latency");

	if (has_start) {
		buf_text(&view->cell, "start: ");
		human_units_add_span(&view->cell, json_reply_number(service, "start_latency"));
	}
	if (json_reply_has_number(service, "thaw_latency")) {
		buf_text(&view->cell, has_start ? ", thaw: " : "thaw: ");
		human_units_add_span(&view->cell, json_reply_number(service, "thaw_latency"));
	}
	end_cell(view);
}

static void add_note(struct idle_view *view, const json_t *service)
{
	if (json_reply_is(service, "action", "freeze"))
		buf_text(&view->cell, json_reply_flag(service, "reclaims")
					      ? "the memory that freeze_reclaim frees is not measured"
					      : "idle_action = freeze keeps its memory");
	end_cell(view);
}

/* A share that is a lower bound has a sign in front. */
static void add_timeout(struct idle_view *view, const json_t *service, const json_t *timeout, bool is_first)
{
	const char *sign = json_reply_flag(timeout, "at_least") ? ">=" : "";

	add_name(view, service, is_first);
	add_span(view, timeout, "timeout");
	buf_addf(&view->cell, "%s%.0f %%", sign, 100 * json_reply_number(timeout, "asleep"));
	end_cell(view);
	buf_addf(&view->cell, "%s%.0f", sign, json_reply_number(timeout, "wakes"));
	end_cell(view);
	if (is_first)
		human_units_add_age(&view->cell, json_reply_number(service, "measured"));
	end_cell(view);
	add_latency(view, is_first ? service : NULL);
	add_bytes(view, is_first ? service : NULL, "memory");
	add_bytes(view, timeout, "saved");
	add_note(view, is_first ? service : NULL);
}

static void add_unmeasured(struct idle_view *view, const json_t *service)
{
	add_name(view, service, true);
	for (size_t n = 1; n + 1 < sizeof(titles) / sizeof(*titles); n++)
		end_cell(view);
	json_reply_show_text(&view->cell, service, "why");
	end_cell(view);
}

static bool idle_line(void *context, const json_t *line, const char *text)
{
	struct idle_view *view = context;
	const json_t *timeouts = json_reply_list(line, "timeouts");

	(void)text;
	if (view->options->json)
		return true;
	if (!json_array_size(timeouts))
		add_unmeasured(view, line);
	for (size_t n = 0; n < json_array_size(timeouts); n++)
		add_timeout(view, line, json_array_get(timeouts, n), n == 0);
	return true;
}

static bool print_table(struct idle_view *view)
{
	const struct columns_page page = { .most = SIZE_MAX, .indent = "", .end = "\n" };

	columns_print(&view->columns, &view->screen, &page, &view->cell);
	return conversation_print(&view->cell);
}

enum ctl_status view_idle(const struct superctl_options *options)
{
	struct idle_view view = { .options = options };
	enum ctl_status status;

	screen_open(&view.screen, options->colour);
	columns_begin(&view.columns, titles, sizeof(titles) / sizeof(titles[0]));
	status = conversation_ask(options, "idle", CONVERSATION_TIMEOUT, idle_line, &view);
	if (columns_rows(&view.columns) && !print_table(&view))
		status = CTL_FAILED;
	columns_free(&view.columns);
	buf_free(&view.cell);
	return status;
}
