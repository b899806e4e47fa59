/* superctl list, and status without a name: one line for each service, in columns that fit the terminal.
 *
 * A zero or unknown value leaves its cell empty, so that the services that do something stand out. */
#include <stdint.h>
#include <stdio.h>

#include "cli/superctl/columns.h"
#include "cli/superctl/conversation.h"
#include "cli/superctl/human_units.h"
#include "cli/superctl/json_reply.h"
#include "cli/superctl/service_facts.h"
#include "cli/superctl/views.h"

static const struct column titles[] = {
	{ .title = "" },
	{ .title = "SERVICE", .stays = true },
	{ .title = "STATE", .stays = true },
	{ .title = "FOR", .right = true },
	{ .title = "LISTENS ON", .stays = true },
	{ .title = "QUEUE", .right = true },
	{ .title = "INSTANCES", .right = true },
	{ .title = "STARTS", .right = true },
	{ .title = "FAILED", .right = true },
	{ .title = "COMMAND", .can_shrink = true },
};

#define ENDPOINTS_MOST 3                /* endpoints of a service on a terminal; superctl status has all */
#define LOCKED_MOST 10                  /* names of held or disabled services that stand below the table */

struct list_view {
	const struct superctl_options *options;
	struct screen screen;
	struct columns columns;
	struct buf cell;                /* the cell that is being composed */
	struct buf locked;              /* names of the services that an operator holds or has disabled */
	size_t locked_count;            /* number of these services, also of those beyond LOCKED_MOST */
};

static void add_count(struct list_view *view, double number)
{
	if (number > 0)
		buf_addf(&view->cell, "%.0f", number);
	columns_add(&view->columns, STYLE_PLAIN, &view->cell);
}

static void add_state(struct list_view *view, const json_t *service)
{
	const char *state = json_reply_text(service, "state");
	enum style style = json_reply_flag(service, "degraded") ? STYLE_YELLOW : screen_style_of(state);

	service_facts_add_state(&view->cell, service);
	if (json_reply_flag(service, "held") && !json_reply_is(service, "state", "held"))
		buf_text(&view->cell, ", held");
	if (json_reply_flag(service, "degraded"))
		buf_text(&view->cell, ", degraded");
	if (json_reply_number(service, "outdated") > 0) {
		buf_text(&view->cell, ", outdated");
		style = style == STYLE_GREEN ? STYLE_YELLOW : style;
	}
	columns_add(&view->columns, style == STYLE_GREEN ? STYLE_PLAIN : style, &view->cell);
}

/* The command of a service, or the reason if the service is left out. */
static void add_command(struct list_view *view, const json_t *service)
{
	bool is_left_out = *json_reply_text(service, "left_out");

	if (is_left_out)
		json_reply_show_text(&view->cell, service, "left_out");
	else
		service_facts_add_command(&view->cell, service, view->screen.is_terminal);
	columns_add(&view->columns, is_left_out ? STYLE_RED : STYLE_PLAIN, &view->cell);
}

/* Whether an operator holds or has disabled the service. A service that its table disables has no "for". */
static bool is_locked(const json_t *service)
{
	bool is_disabled = !json_reply_flag(service, "enabled") && json_reply_has_number(service, "for") &&
			   !*json_reply_text(service, "left_out") && json_reply_is(service, "state", "off");

	return is_disabled || json_reply_flag(service, "held") || json_reply_flag(service, "disabled_at_boot");
}

static void note_locked(struct list_view *view, const json_t *service)
{
	if (!is_locked(service) || view->locked_count++ >= LOCKED_MOST)
		return;
	buf_text(&view->locked, view->locked.length ? ", " : "");
	json_reply_show_text(&view->locked, service, "service");
	if (json_reply_flag(service, "disabled_at_boot"))
		buf_text(&view->locked, json_reply_flag(service, "enabled") ? " (only at boot)" : " (also at boot)");
}

static void add_row(struct list_view *view, const json_t *service)
{
	struct columns *columns = &view->columns;
	struct buf *cell = &view->cell;
	struct screen plain = view->screen;
	double waiting = 0;

	plain.colours = false;
	screen_add_dot(&plain, cell, json_reply_text(service, "state"), service_facts_instances(service));
	columns_add(columns, screen_style_of(json_reply_text(service, "state")), cell);
	json_reply_show_text(cell, service, "service");
	columns_add(columns, STYLE_BOLD, cell);
	add_state(view, service);
	if (json_reply_has_number(service, "for"))
		human_units_add_age(cell, json_reply_number(service, "for"));
	columns_add(columns, STYLE_PLAIN, cell);
	service_facts_add_endpoints(cell, service, view->screen.is_terminal ? ENDPOINTS_MOST : SIZE_MAX);
	columns_add(columns, STYLE_PLAIN, cell);
	(void)service_facts_queue(service, &waiting);
	add_count(view, waiting);
	add_count(view, (double)service_facts_instances(service));
	add_count(view, json_reply_number(service, "activations"));
	add_count(view, json_reply_number(service, "failures"));
	add_command(view, service);
}

static bool list_line(void *context, const json_t *line, const char *text)
{
	struct list_view *view = context;

	(void)text;
	if (view->options->json)
		return true;
	if (!view->options->names_only) {
		add_row(view, line);
		note_locked(view, line);
		return true;
	}
	json_reply_show_text(&view->cell, line, "service");
	buf_char(&view->cell, '\n');
	return conversation_print(&view->cell);
}

static bool print_listing(struct list_view *view)
{
	struct buf *out = &view->cell;
	const struct columns_page page = { .most = SIZE_MAX, .indent = "", .end = "\n" };
	size_t count = columns_rows(&view->columns);

	if (count)
		columns_print(&view->columns, &view->screen, &page, out);
	else
		buf_text(out, view->options->failed_only ? "no service has failed\n" : "superd has no services\n");
	if (view->locked_count)
		buf_addf(out, "\nheld or disabled by an operator: %s", buf_string(&view->locked));
	if (view->locked_count > LOCKED_MOST)
		buf_addf(out, " and %zu more", view->locked_count - LOCKED_MOST);
	if (view->locked_count)
		buf_char(out, '\n');
	if (count > 1 && view->screen.is_terminal)
		buf_addf(out, "\n%zu services; superctl status NAME shows more of one\n", count);
	return conversation_print(out);
}

enum ctl_status view_list(const struct superctl_options *options)
{
	struct list_view view = { .options = options };
	enum ctl_status status;

	screen_open(&view.screen, options->colour);
	columns_begin(&view.columns, titles, sizeof(titles) / sizeof(titles[0]));
	status = conversation_ask(options, options->failed_only ? "list --failed" : "list", CONVERSATION_TIMEOUT,
				  list_line, &view);
	if (columns_rows(&view.columns) || (status == CTL_DONE && !options->json && !options->names_only))
		status = print_listing(&view) ? status : CTL_FAILED;          /* also if a name matches no service */
	columns_free(&view.columns);
	buf_free(&view.cell);
	buf_free(&view.locked);
	return status;
}
