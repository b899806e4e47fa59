/* superctl list, and status without a name: a line a service, in columns that fit the terminal.
 *
 * The hard thing is that a row says which services do anything at a glance: what is zero or unknown is left empty. */
#include <stdio.h>

#include "cli/superctl/superctl_amount.h"
#include "cli/superctl/superctl_answer.h"
#include "cli/superctl/superctl_columns.h"
#include "cli/superctl/superctl_facts.h"
#include "cli/superctl/superctl_talk.h"
#include "cli/superctl/superctl_views.h"

static const struct column titles[] = {
	{ .title = "" },
	{ .title = "SERVICE", .gives = true },
	{ .title = "STATE" },
	{ .title = "FOR", .right = true },
	{ .title = "LISTENS ON", .gives = true },
	{ .title = "QUEUE", .right = true },
	{ .title = "INSTANCES", .right = true },
	{ .title = "STARTS", .right = true },
	{ .title = "FAILED", .right = true },
	{ .title = "COMMAND", .gives = true },
};

#define KEPT_MOST 10                    /* names below the table */

struct listing {
	const struct order *order;
	struct screen screen;
	struct columns columns;
	struct buf cell;
	struct buf kept;                /* names of those that an operator holds, or has disabled */
	size_t kept_count;
};

static void add_count(struct listing *listing, double number)
{
	if (number > 0)
		buf_addf(&listing->cell, "%.0f", number);
	columns_add(&listing->columns, STYLE_PLAIN, &listing->cell);
}

static void add_state(struct listing *listing, const json_t *service)
{
	const char *state = answer_text(service, "state");
	enum style style = answer_flag(service, "degraded") ? STYLE_YELLOW : screen_style_of(state);

	answer_show_text(&listing->cell, service, "state");
	if (answer_flag(service, "held") && !answer_is(service, "state", "held"))
		buf_text(&listing->cell, ", held");
	if (answer_flag(service, "degraded"))
		buf_text(&listing->cell, ", degraded");
	if (answer_number(service, "outdated") > 0) {
		buf_text(&listing->cell, ", outdated");
		style = style == STYLE_GREEN ? STYLE_YELLOW : style;
	}
	columns_add(&listing->columns, style == STYLE_GREEN ? STYLE_PLAIN : style, &listing->cell);
}

/* Of one that is left out the reason. */
static void add_command(struct listing *listing, const json_t *service)
{
	bool is_left_out = *answer_text(service, "left_out");

	if (is_left_out)
		answer_show_text(&listing->cell, service, "left_out");
	else
		facts_add_command(&listing->cell, service, listing->screen.is_terminal);
	columns_add(&listing->columns, is_left_out ? STYLE_RED : STYLE_PLAIN, &listing->cell);
}

/* One that its table disables has no age. */
static bool is_kept(const json_t *service)
{
	bool is_disabled = !answer_flag(service, "enabled") && answer_has_number(service, "for") &&
			   !*answer_text(service, "left_out") && answer_is(service, "state", "off");

	return is_disabled || answer_flag(service, "held");
}

static void note_kept(struct listing *listing, const json_t *service)
{
	if (!is_kept(service) || listing->kept_count++ >= KEPT_MOST)
		return;
	buf_text(&listing->kept, listing->kept.length ? ", " : "");
	answer_show_text(&listing->kept, service, "service");
}

static void add_row(struct listing *listing, const json_t *service)
{
	struct columns *columns = &listing->columns;
	struct buf *cell = &listing->cell;
	struct screen plain = listing->screen;
	double waiting = 0;

	plain.colours = false;
	screen_add_dot(&plain, cell, answer_text(service, "state"), facts_instances(service));
	columns_add(columns, screen_style_of(answer_text(service, "state")), cell);
	answer_show_text(cell, service, "service");
	columns_add(columns, STYLE_BOLD, cell);
	add_state(listing, service);
	if (answer_has_number(service, "for"))
		amount_add_age(cell, answer_number(service, "for"));
	columns_add(columns, STYLE_PLAIN, cell);
	facts_add_endpoints(cell, service);
	columns_add(columns, STYLE_PLAIN, cell);
	(void)facts_queue(service, &waiting);
	add_count(listing, waiting);
	add_count(listing, (double)facts_instances(service));
	add_count(listing, answer_number(service, "activations"));
	add_count(listing, answer_number(service, "failures"));
	add_command(listing, service);
}

static bool list_line(void *context, const json_t *line, const char *text)
{
	struct listing *listing = context;

	(void)text;
	if (listing->order->json)
		return true;
	if (!listing->order->names_only) {
		add_row(listing, line);
		note_kept(listing, line);
		return true;
	}
	answer_show_text(&listing->cell, line, "service");
	buf_char(&listing->cell, '\n');
	return talk_print(&listing->cell);
}

static bool print_listing(struct listing *listing)
{
	struct buf *out = &listing->cell;
	size_t count = columns_rows(&listing->columns);

	if (count)
		columns_print(&listing->columns, &listing->screen, 0, SIZE_MAX, "", "\n", out);
	else
		buf_text(out, "superd has no services\n");
	if (listing->kept_count)
		buf_addf(out, "\nheld or disabled by an operator: %s", buf_string(&listing->kept));
	if (listing->kept_count > KEPT_MOST)
		buf_addf(out, " and %zu more", listing->kept_count - KEPT_MOST);
	if (listing->kept_count)
		buf_char(out, '\n');
	if (count > 1 && listing->screen.is_terminal)
		buf_addf(out, "\n%zu services; superctl status NAME tells more of one\n", count);
	return talk_print(out);
}

enum ctl_status view_list(const struct order *order)
{
	struct listing listing = { .order = order };
	enum ctl_status status;

	screen_open(&listing.screen, order->colour);
	columns_begin(&listing.columns, titles, sizeof(titles) / sizeof(titles[0]));
	status = talk_ask(order, "list", TALK_PATIENCE, list_line, &listing);
	if (columns_rows(&listing.columns) || (status == CTL_DONE && !order->json && !order->names_only))
		status = print_listing(&listing) ? status : CTL_FAILED;       /* also where a name means nothing */
	columns_free(&listing.columns);
	buf_free(&listing.cell);
	buf_free(&listing.kept);
	return status;
}
