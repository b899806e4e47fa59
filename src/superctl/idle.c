/* superctl idle: the memory that sleeping saves, and how each service would fare with an idle_timeout of 30 s, 5 min
 * and 1 h, by the clients that superd has seen. The first line of a service is that of its own idle_timeout; those
 * that were not measured have a line with the reason below. Services that never ran are only named. */
#include <stdio.h>

#include "superctl/columns.h"
#include "superctl/conversation.h"
#include "superctl/fields.h"
#include "superctl/human_units.h"
#include "superctl/json_reply.h"
#include "superctl/sentence.h"
#include "superctl/views.h"

/* The columns that are left out first on a narrow terminal stand last. */
static const struct column titles[] = {
	{ .title = "SERVICE", .can_shrink = true },
	{ .title = "IDLE_TIMEOUT", .right = true },
	{ .title = "SAVES NOW", .right = true },
	{ .title = "SAVED SO FAR", .right = true },
	{ .title = "ASLEEP", .right = true },
	{ .title = "WAKES", .right = true },
	{ .title = "MEMORY", .right = true },
	{ .title = "SEEN FOR", .right = true },
	{ .title = "FIRST BYTE AFTER", .right = true },
	{ .title = "NOTE", .can_shrink = true },
};

#define NEVER_MOST 20                   /* names of services that never ran */

struct idle_view {
	const struct superctl_options *options;
	struct screen screen;
	struct columns columns;
	struct buf cell;                /* the cell that is being composed */
	struct buf others;              /* lines about services that were not measured */
	struct buf never;               /* names of services that never ran */
	size_t never_count;             /* number of these, also of those beyond NEVER_MOST */
	double saves_now, saved;        /* bytes of all services: now, and on average */
	size_t measured;                /* services that were measured */
};

/* Adds a line for a timeout: its own one, or one to compare with. A share that is a lower bound has a sign in front. */
static void add_timeout(struct idle_view *view, const json_t *service, const json_t *timeout, bool is_first)
{
	const json_t *first = is_first ? service : NULL;
	struct columns *columns = &view->columns;
	bool is_own = json_reply_has_number(timeout, "known_for"), has_own = json_reply_object(service, "own");

	fields_say(columns, STYLE_BOLD, first, "[{service}]");
	fields_say(columns, STYLE_PLAIN, timeout, "[{#known_for}own ][{timeout:span}]");
	fields_say(columns, STYLE_PLAIN, first, "[{saves_now:bytes}]");
	fields_say(columns, STYLE_PLAIN, timeout, "[{saved:bytes}]");
	buf_addf(&view->cell, "%s%.0f %%", json_reply_flag(timeout, "at_least") ? ">=" : "",
		 100 * json_reply_number(timeout, "asleep"));
	columns_add(columns, STYLE_PLAIN, &view->cell);
	fields_say(columns, STYLE_PLAIN, timeout, "[{?at_least}>=]{wakes}");
	fields_say(columns, STYLE_PLAIN, first, "[{memory:bytes}]");
	fields_say(columns, STYLE_PLAIN, is_own ? timeout : is_first || has_own ? service : NULL,
		   "[{known_for:age}|{measured:age}]");
	fields_say(columns, STYLE_PLAIN, first,
		   "[start: {start_latency:span}[, thaw: {thaw_latency:span}]|thaw: {thaw_latency:span}]");
	fields_say(columns, STYLE_PLAIN, first,
		   "[{action=freeze}[{?reclaims}the memory that freeze_reclaim frees is not measured|"
		   "idle_action = freeze keeps its memory]]");
}

static void note_never(struct idle_view *view, const json_t *service)
{
	if (view->never_count++ >= NEVER_MOST)
		return;
	buf_text(&view->never, view->never.length ? ", " : "");
	json_reply_show_text(&view->never, service, "service");
}

static bool idle_line(void *context, const json_t *line, struct reply_text *text)
{
	struct idle_view *view = context;
	const json_t *timeouts = json_reply_list(line, "timeouts"), *own = json_reply_object(line, "own");

	(void)text;
	if (view->options->json)
		return true;
	if (!json_array_size(timeouts) && json_reply_flag(line, "never_ran"))
		note_never(view, line);
	else if (!json_array_size(timeouts))
		(void)sentence_add(&view->others, line,         /* a line below the table */
				   "[{service}]: [{why=accept}accept = yes: no instance runs without a client|"
				   "{why=no-timeout}not measured: set idle_timeout, with idle_action = report to look "
				   "only|it has not run with an idle_timeout yet]\n");
	else
		view->measured++;
	if (own)
		add_timeout(view, line, own, true);
	for (size_t n = 0; n < json_array_size(timeouts); n++)
		add_timeout(view, line, json_array_get(timeouts, n), n == 0 && !own);
	view->saves_now += json_reply_number(line, "saves_now");
	view->saved += json_reply_number(own, "saved");
	return true;
}

/* Adds "12 services save 113M now, and have saved 56M on average". */
static void add_total(const struct idle_view *view, struct buf *out)
{
	buf_addf(out, "\n%zu services save ", view->measured);
	human_units_add_bytes(out, view->saves_now);
	buf_text(out, " now, and have saved ");
	human_units_add_bytes(out, view->saved);
	buf_text(out, " on average\n");
}

static bool print_table(struct idle_view *view)
{
	const struct columns_page page = { .most = SIZE_MAX, .indent = "", .end = "\n" };
	const char *gap = columns_rows(&view->columns) ? "\n" : "";

	if (columns_rows(&view->columns))
		columns_print(&view->columns, &view->screen, &page, &view->cell);
	if (view->measured > 1)
		add_total(view, &view->cell);
	if (view->others.length)
		buf_addf(&view->cell, "%s%s", gap, buf_string(&view->others));
	if (view->never_count)
		buf_addf(&view->cell, "%snever started: %s", gap, buf_string(&view->never));
	if (view->never_count > NEVER_MOST)
		buf_addf(&view->cell, " and %zu more", view->never_count - NEVER_MOST);
	if (view->never_count)
		buf_char(&view->cell, '\n');
	return conversation_print(&view->cell);
}

enum ctl_status view_idle(const struct superctl_options *options)
{
	struct idle_view view = { .options = options };
	enum ctl_status status;

	screen_open(&view.screen, options->colour);
	columns_begin(&view.columns, titles, sizeof(titles) / sizeof(titles[0]));
	status = conversation_ask(options, "idle", CONVERSATION_TIMEOUT, idle_line, &view);
	if (!print_table(&view))
		status = CTL_FAILED;
	columns_free(&view.columns);
	buf_free(&view.cell);
	buf_free(&view.others);
	buf_free(&view.never);
	return status;
}
