/* One table of superctl top.
 *
 * A service's share of a processor is the time that its instances have used since the previous answer. When an instance
 * ends, its time is missing in the sum; a sum that fell counts as a share of 0. */
#include "superctl/top_table.h"

#include <stdlib.h>
#include <string.h>

#include "superctl/columns.h"
#include "superctl/fields.h"
#include "superctl/human_units.h"
#include "superctl/json_reply.h"
#include "superctl/sentence.h"
#include "superctl/state_words.h"

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
