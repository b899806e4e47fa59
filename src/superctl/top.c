/* superctl top: one table after another. On a terminal each takes the place of the one before. */
#include "superctl/superctl.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* For each service a JSON array: how many connections superd accepted, how many instances it started, and the rates,
 * the oldest first. */

enum { ACCEPTED, STARTED, RATES };

static double number_at(const json_t *entry, size_t place)
{
	return json_number_value(json_array_get(entry, place));
}

/* A copy of the last rates, so that there is room for one more. */
static void copy_rates(json_t *entry, const json_t *from)
{
	size_t count = json_array_size(from);
	size_t first = count > RATES + RATE_HISTORY_MOST - 1 ? count - (RATE_HISTORY_MOST - 1) : RATES;

	for (size_t i = first; i < count; i++)
		(void)json_array_append(entry, json_array_get(from, i));
}

static json_t *make_entry(double accepted, double started, const json_t *before)
{
	json_t *entry = json_array();

	(void)json_array_append_new(entry, json_real(accepted));
	(void)json_array_append_new(entry, json_real(started));
	copy_rates(entry, before);
	return entry;
}

/* seconds 0: the first answer, which has nothing to compare with. */
static json_t *count_service(const struct rate_history *history, const json_t *service, double seconds)
{
	const json_t *before = json_object_get(history->services, json_reply_text(service, "service"));
	double accepted = json_reply_number(service, "accepted"), started = json_reply_number(service, "activations");
	json_t *entry = make_entry(accepted, started, before);
	double rate;

	if (before)
		rate = fmax(accepted - number_at(before, ACCEPTED), started - number_at(before, STARTED));
	else
		/* It had no instance in the answer before, so all that it has now were started since. */
		rate = json_reply_number(service, "instances");
	if (seconds > 0 && (before || !history->is_partial))
		(void)json_array_append_new(entry, json_real(fmax(rate, 0) / seconds));
	return entry;
}

/* The entry of a service that is missing in the answer; NULL: it has no connection or start to show any more. */
static json_t *count_nothing(const json_t *before)
{
	json_t *entry = make_entry(number_at(before, ACCEPTED), number_at(before, STARTED), before);

	(void)json_array_append_new(entry, json_real(0));
	for (size_t i = RATES; i < json_array_size(entry); i++) {
		if (number_at(entry, i) > 0)
			return entry;
	}
	json_decref(entry);
	return NULL;
}

void rate_history_take(struct rate_history *history, const json_t *line)
{
	const json_t *list = json_reply_list(line, "services");
	double at = json_reply_number(line, "at"), seconds = history->at > 0 ? at - history->at : 0;
	json_t *services = json_object();

	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *service = json_array_get(list, i);

		(void)json_object_set_new(services, json_reply_text(service, "service"),
					  count_service(history, service, seconds));
	}
	for (void *old = json_object_iter(history->services); old;
	     old = json_object_iter_next(history->services, old)) {
		const char *name = json_object_iter_key(old);
		json_t *entry = json_object_get(services, name) ? NULL : count_nothing(json_object_iter_value(old));

		if (entry)
			(void)json_object_set_new(services, name, entry);
	}
	json_decref(history->services);
	history->services = services;
	history->at = at;
	history->is_partial = json_reply_number(line, "more_services") > 0;
}

void rate_history_add(const struct rate_history *history, const char *service, bool unicode, struct buf *out)
{
	static const char *const bars[] = { "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█" };
	static const char signs[] = "_.:-=+*#";
	const json_t *entry = json_object_get(history->services, service);
	double highest = 0;

	for (size_t i = RATES; i < json_array_size(entry); i++)
		highest = fmax(highest, number_at(entry, i));
	for (size_t i = RATES; i < json_array_size(entry); i++) {
		/* The lowest bar is for 0 alone. */
		size_t bar = highest > 0 ? (size_t)fmin(ceil(number_at(entry, i) / highest * 7), 7) : 0;

		if (unicode)
			buf_text(out, bars[bar]);
		else
			buf_char(out, signs[bar]);
	}
}

void rate_history_free(struct rate_history *history)
{
	json_decref(history->services);
	*history = (struct rate_history){ 0 };
}

/* One table of superctl top.
 *
 * A service's share of a processor is the time that its instances have used since the previous answer. When an instance
 * ends, its time is missing in the sum; a sum that fell counts as a share of 0. */

struct row {
	const json_t *service;
	const char *name;
	const struct state_word *word;
	double memory, cpu, share; /* bytes, seconds, share of one processor; share below 0: unknown */
	double used;               /* Unix time of the last use; 0: unknown */
	char sort;                 /* the table's sort key, for compare_rows */
};

void top_table_take(struct top_table *table, const json_t *line)
{
	json_decref(table->before);
	table->before = table->now;
	table->now = json_incref((json_t *)(size_t)line);
	rate_history_take(&table->rates, line);
}

void top_table_free(struct top_table *table)
{
	json_decref(table->before);
	json_decref(table->now);
	rate_history_free(&table->rates);
	*table = (struct top_table){ .sort = table->sort };
}

/* The services of an answer by name: two answers may have them in different orders. */
static json_t *index_services(const json_t *line)
{
	const json_t *list = json_reply_list(line, "services");
	json_t *index = json_object();

	for (size_t i = 0; i < json_array_size(list); i++) {
		json_t *each = json_array_get(list, i);

		(void)json_object_set(index, json_reply_text(each, "service"), each);
	}
	return index;
}

static double share_of(double now, double before, double seconds)
{
	if (seconds <= 0)
		return -1;
	return now > before ? (now - before) / seconds : 0;
}

static int compare_numbers(double a, double b)
{
	return (a < b) - (a > b);
}

/* Sorts the largest first, and equal rows by name. */
static int compare_rows(const void *one, const void *other)
{
	const struct row *a = one, *b = other;
	int order = 0;

	if (a->sort == 'm')
		order = compare_numbers(a->memory, b->memory);
	else if (a->sort == 's')
		order = (a->word > b->word) - (a->word < b->word);
	else if (a->sort == 'u')
		order = compare_numbers(a->used, b->used);
	else if (a->sort == 'c')
		order = compare_numbers(a->share, b->share);
	if (!order && a->sort == 'c')
		order = compare_numbers(a->cpu, b->cpu);
	return order ? order : strcmp(a->name, b->name);
}

static struct row *make_rows(const struct top_table *table, size_t count)
{
	double seconds = json_reply_number(table->now, "at") - json_reply_number(table->before, "at");
	const json_t *list = json_reply_list(table->now, "services"), *before;
	struct row *rows = calloc(count + 1, sizeof(*rows));
	json_t *index = index_services(table->before);

	for (size_t i = 0; rows && i < count; i++) {
		const json_t *service = json_array_get(list, i);

		rows[i] = (struct row){ .service = service, .share = -1, .sort = table->sort };
		rows[i].name = json_reply_text(service, "service");
		rows[i].word = state_word_of(service);
		rows[i].used = json_reply_number(service, "last_used");
		rows[i].memory = json_reply_number(service, "memory");
		rows[i].cpu = json_reply_number(service, "cpu");
		before = json_object_get(index, rows[i].name);
		if (json_reply_has_number(service, "cpu") && json_reply_has_number(before, "cpu"))
			rows[i].share = share_of(rows[i].cpu, json_reply_number(before, "cpu"), seconds);
	}
	json_decref(index);
	if (rows)
		qsort(rows, count, sizeof(*rows), compare_rows);
	return rows;
}

static void add_share(struct buf *out, double share)
{
	if (share >= 0)
		buf_addf(out, "%.1f%%", share * 100);
}

static void add_head(const struct top_table *table, struct buf *out)
{
	const json_t *superd = json_reply_object(table->now, "superd"),
		     *earlier = json_reply_object(table->before, "superd");
	double seconds = json_reply_number(table->now, "at") - json_reply_number(table->before, "at");

	human_units_add_time(out, json_reply_number(table->now, "at"));
	buf_addf(out, "  superd[%.0f]", json_reply_number(superd, "pid"));
	(void)sentence_add(out, superd, " up {uptime:age}, memory [{memory:bytes}|?], CPU [{cpu:span}|?]");
	if (earlier) {
		buf_text(out, " (");
		add_share(out, share_of(json_reply_number(superd, "cpu"), json_reply_number(earlier, "cpu"), seconds));
		buf_char(out, ')');
	}
	(void)sentence_add(out, superd, "; {services: service}, {instances: instance}");
	buf_text(out, "\n\n");
}

/* The columns that are left out first on a narrow terminal stand last. */
static const enum field columns_of_top[] = {
	FIELD_NAME,   FIELD_STATE, FIELD_SHARE,	  FIELD_TIME, FIELD_MEMORY, FIELD_INSTANCES, FIELD_QUEUE,
	FIELD_STARTS, FIELD_RATE,  FIELD_REFUSED, FIELD_FOR,
};

#define COLUMNS (sizeof(columns_of_top) / sizeof(*columns_of_top))

static void add_row(struct columns *columns, const struct top_table *table, const struct screen *screen,
		    const struct row *row)
{
	struct buf cell = { 0 };

	for (size_t n = 0; n < COLUMNS; n++) {
		if (columns_of_top[n] == FIELD_SHARE) {
			add_share(&cell, row->share);
			columns_add(columns, STYLE_PLAIN, &cell);
		} else if (columns_of_top[n] == FIELD_RATE) {
			rate_history_add(&table->rates, row->name, screen->unicode, &cell);
			columns_add(columns, STYLE_BLUE, &cell);
		} else {
			fields_add(columns, &columns_of_top[n], 1, screen, row->service);
		}
	}
	buf_free(&cell);
}

void top_table_add(const struct top_table *table, const struct screen *screen, size_t most, struct buf *out)
{
	const struct columns_page page = { .most = most, .indent = "" };
	size_t count = json_array_size(json_reply_list(table->now, "services"));
	double more = json_reply_number(table->now, "more_services") + (double)(count > most ? count - most : 0);
	struct row *rows = make_rows(table, count);
	struct columns columns;

	fields_begin(&columns, columns_of_top, COLUMNS);
	columns.list[0].can_shrink = true;      /* a screen must not wrap its rows */
	for (size_t i = 0; rows && i < count; i++)
		add_row(&columns, table, screen, &rows[i]);
	add_head(table, out);
	columns_print(&columns, screen, &page, out);
	if (more > 0)
		buf_addf(out, "and %.0f more\n", more);
	out->failed |= !rows;
	columns_free(&columns);
	free(rows);
}

#define LINE_GRACE 10000                /* milliseconds that superd's next line may be late */
#define OTHER_LINES 5                   /* lines of the screen around the services: head, titles, the cursor's own */

struct top_view {
	struct screen screen;
	bool draws;                     /* to a terminal that can be cleared */
	struct top_table table;
	bool has_printed;
};

static size_t lines_for_services(const struct screen *screen)
{
	return screen->height > OTHER_LINES ? screen->height - OTHER_LINES : 1;
}

static bool print_table(void *context, const json_t *line, struct reply_text *text)
{
	struct top_view *top = context;

	top_table_take(&top->table, line);
	if (top->draws) {
		screen_measure(&top->screen);   /* its user may have changed its size */
		buf_text(&text->out, "\033[H\033[2J");
	} else if (top->has_printed) {
		buf_char(&text->out, '\n');
	}
	top->has_printed = true;
	top_table_add(&top->table, &top->screen, top->draws ? lines_for_services(&top->screen) : SIZE_MAX, &text->out);
	return true;
}

enum ctl_status view_top(const struct superctl_options *options)
{
	struct top_view top = { .table = { .sort = options->sort ? options->sort : 'c' } };
	struct conversation conversation = { .follows = true };
	char verb[64];
	enum ctl_status status;

	snprintf(verb, sizeof(verb), "top --interval=%lld.%06lld", (long long)options->interval / 1000000,
		 (long long)options->interval % 1000000);
	status = conversation_begin(&conversation, options, verb);
	if (status != CTL_DONE)
		return status;
	screen_open(&top.screen, options->colour);
	top.draws = top.screen.is_terminal && !top.screen.is_dumb;
	conversation.timeout = options->interval / 1000 + LINE_GRACE;
	conversation.lines_left = options->count;
	status = conversation_follow(&conversation, verb, print_table, &top);
	top_table_free(&top.table);
	conversation_close(&conversation);
	return status;
}
