/* superctl list, and status without a name: one line for each service, in columns that fit the terminal, and a line of
 * totals.
 *
 * A zero or unknown value leaves its cell empty, and a column without any is left out, so that the services that do
 * something stand out. The last columns are the first to go on a narrow terminal. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/superctl/columns.h"
#include "cli/superctl/conversation.h"
#include "cli/superctl/facts.h"
#include "cli/superctl/human_units.h"
#include "cli/superctl/json_reply.h"
#include "cli/superctl/state_words.h"
#include "cli/superctl/views.h"

static const struct column titles[] = {
	{ .title = "" },
	{ .title = "SERVICE", .stays = true },
	{ .title = "STATE", .stays = true },
	{ .title = "LISTENS ON", .stays = true },
	{ .title = "MEMORY", .right = true },
	{ .title = "LAST USED", .right = true },
	{ .title = "FOR", .right = true },
	{ .title = "QUEUE", .right = true },
	{ .title = "INST", .right = true },
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
	json_t *services;               /* the lines of the answer to show */
	size_t counts[STATE_WORDS];     /* of the services in each state */
	double memory[STATE_WORDS];     /* bytes of these */
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

/* Adds the state; for a service that failed, also when superd tries again: "failing, retry in 12 s". */
static void add_state(struct list_view *view, const json_t *service)
{
	const json_t *pause = json_reply_object(service, "pause");
	enum style style = state_word_of(service)->style;

	state_word_add(&view->cell, service);
	if (json_reply_has_number(pause, "left")) {
		buf_text(&view->cell, ", retry in ");
		human_units_add_age(&view->cell, json_reply_number(pause, "left"));
	}
	if (style == STYLE_GREEN)
		style = json_reply_number(service, "outdated") > 0 ? STYLE_YELLOW : STYLE_PLAIN;
	columns_add(&view->columns, json_reply_flag(service, "degraded") ? STYLE_YELLOW : style, &view->cell);
}

/* Adds how long ago a client was there last. superd's time is when the state began, plus how long it has lasted. */
static void add_last_used(struct list_view *view, const json_t *service)
{
	double now = json_reply_number(service, "since") + json_reply_number(service, "for");
	double ago = now - json_reply_number(service, "last_used");

	if (json_reply_has_number(service, "last_used") && ago < 1)
		buf_text(&view->cell, "now");
	else if (json_reply_has_number(service, "last_used"))
		human_units_add_age(&view->cell, ago);
	columns_add(&view->columns, STYLE_PLAIN, &view->cell);
}

/* The command of a service, or the reason if the service is left out. */
static void add_command(struct list_view *view, const json_t *service)
{
	bool is_left_out = *json_reply_text(service, "left_out");

	if (is_left_out)
		json_reply_show_text(&view->cell, service, "left_out");
	else
		facts_add_command(&view->cell, service, view->screen.is_terminal);
	columns_add(&view->columns, is_left_out ? STYLE_RED : STYLE_PLAIN, &view->cell);
}

/* Whether an operator holds or has disabled the service. A service that its configuration disables has no "for". */
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
	const struct state_word *word = state_word_of(service);
	struct columns *columns = &view->columns;
	struct buf *cell = &view->cell;
	double waiting = 0, memory = 0;

	columns_add_text(columns, word->style, view->screen.unicode ? word->dot : word->plain);
	json_reply_show_text(cell, service, "service");
	columns_add(columns, STYLE_BOLD, cell);
	add_state(view, service);
	facts_add_endpoints(cell, service, view->screen.is_terminal ? ENDPOINTS_MOST : SIZE_MAX);
	columns_add(columns, STYLE_PLAIN, cell);
	if (facts_memory(service, &memory) && memory > 0)
		human_units_add_bytes(cell, memory);
	columns_add(columns, STYLE_PLAIN, cell);
	add_last_used(view, service);
	if (json_reply_has_number(service, "for"))
		human_units_add_age(cell, json_reply_number(service, "for"));
	columns_add(columns, STYLE_PLAIN, cell);
	(void)facts_queue(service, &waiting);
	add_count(view, waiting);
	add_count(view, (double)facts_instances(service));
	add_count(view, json_reply_number(service, "activations"));
	add_count(view, json_reply_number(service, "failures"));
	add_command(view, service);
	view->counts[word - state_words]++;
	view->memory[word - state_words] += memory;
	note_locked(view, service);
}

static bool is_wanted(const struct superctl_options *options, const json_t *service)
{
	const struct state_word *word = state_word_of(service);

	return (!options->asleep_only && !options->awake_only) ||
	       (options->asleep_only && state_word_is_asleep(word)) ||
	       (options->awake_only && state_word_is_awake(word));
}

static bool list_line(void *context, const json_t *line, const char *text)
{
	struct list_view *view = context;

	(void)text;
	if (!view->options->json && is_wanted(view->options, line) &&
	    json_array_append(view->services, (json_t *)(size_t)line) < 0)
		view->cell.failed = true;
	return true;
}

static double number_to_sort(const json_t *service, char key)
{
	double number = 0;

	if (key == 'u')
		return json_reply_number(service, "last_used");
	(void)(key == 'm' ? facts_memory : facts_cpu)(service, &number);
	return number;
}

struct listed {
	const json_t *service;
	char sort;                      /* the key of --sort */
};

/* By name, by state in the order of the totals, or the largest or latest first; equal ones by name. */
static int compare_services(const void *one, const void *other)
{
	const struct listed *a = one, *b = other;
	double left = number_to_sort(a->service, a->sort), right = number_to_sort(b->service, b->sort);
	const struct state_word *word = state_word_of(a->service), *other_word = state_word_of(b->service);
	int order = 0;

	if (a->sort == 's')
		order = (word > other_word) - (word < other_word);
	else if (a->sort != 'n')
		order = (left < right) - (left > right);
	return order ? order : strcmp(json_reply_text(a->service, "service"), json_reply_text(b->service, "service"));
}

/* Adds the services in their order. false: out of memory. */
static bool add_rows(struct list_view *view)
{
	size_t count = json_array_size(view->services);
	struct listed *sorted = calloc(count + 1, sizeof(*sorted));

	for (size_t n = 0; sorted && n < count; n++)
		sorted[n] = (struct listed){ json_array_get(view->services, n), view->options->sort };
	if (sorted && view->options->sort)
		qsort(sorted, count, sizeof(*sorted), compare_services);
	for (size_t n = 0; sorted && n < count; n++) {
		if (view->options->names_only) {
			json_reply_show_text(&view->cell, sorted[n].service, "service");
			buf_char(&view->cell, '\n');
		} else {
			add_row(view, sorted[n].service);
		}
	}
	free(sorted);
	return sorted;
}

/* Adds "40 services: 30 asleep, 6 frozen (113M), 3 awake (56M), 1 failing". */
static void add_totals(const struct list_view *view, size_t count, struct buf *out)
{
	const char *between = ": ";

	buf_addf(out, "\n%zu services", count);
	for (size_t n = 0; n < STATE_WORDS; n++) {
		if (!view->counts[n])
			continue;
		buf_addf(out, "%s%zu %s", between, view->counts[n],
			 *state_words[n].word ? state_words[n].word : "other");
		between = ", ";
		if (view->memory[n] <= 0)
			continue;
		buf_text(out, " (");
		human_units_add_bytes(out, view->memory[n]);
		buf_char(out, ')');
	}
	buf_char(out, '\n');
}

static void add_nothing(const struct superctl_options *options, struct buf *out)
{
	buf_text(out, options->failed_only   ? "no service has failed\n"
		      : options->asleep_only ? "no service is asleep\n"
		      : options->awake_only  ? "no service is awake\n"
					     : "superd has no services\n");
}

static bool print_listing(struct list_view *view)
{
	struct buf *out = &view->cell;
	const struct columns_page page = { .most = SIZE_MAX, .indent = "", .end = "\n" };
	size_t count = columns_rows(&view->columns);

	if (count)
		columns_print(&view->columns, &view->screen, &page, out);
	else
		add_nothing(view->options, out);
	if (view->locked_count)
		buf_addf(out, "\nheld or disabled by an operator: %s", buf_string(&view->locked));
	if (view->locked_count > LOCKED_MOST)
		buf_addf(out, " and %zu more", view->locked_count - LOCKED_MOST);
	if (view->locked_count)
		buf_char(out, '\n');
	if (count > 1)
		add_totals(view, count, out);
	return conversation_print(out);
}

enum ctl_status view_list(const struct superctl_options *options)
{
	struct list_view view = { .options = options };
	enum ctl_status status;

	if (options->json && (options->asleep_only || options->awake_only || options->sort)) {
		fprintf(stderr, "superctl: --json prints the answer of superd as it is, without --asleep, --awake "
				"and --sort\n");
		return CTL_USAGE;
	}
	view.services = json_array();
	screen_open(&view.screen, options->colour);
	columns_begin(&view.columns, titles, sizeof(titles) / sizeof(titles[0]));
	status = conversation_ask(options, options->failed_only ? "list --failed" : "list", CONVERSATION_TIMEOUT,
				  list_line, &view);
	view.cell.failed |= !add_rows(&view);
	if (options->names_only)
		status = conversation_print(&view.cell) ? status : CTL_FAILED;
	else if (columns_rows(&view.columns) || (status == CTL_DONE && !options->json))
		status = print_listing(&view) ? status : CTL_FAILED;          /* also if a name matches no service */
	columns_free(&view.columns);
	json_decref(view.services);
	buf_free(&view.cell);
	buf_free(&view.locked);
	return status;
}
