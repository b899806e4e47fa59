/* superctl top: the processor time and memory of superd and its busiest services, one table after another. On a
 * terminal each takes the place of the one before.
 *
 * A service's share of a processor is the time that its instances have used since the previous answer. When an instance
 * ends, its time is missing in the sum; a sum that fell counts as a share of 0. */
#include "superctl/superctl.h"

#include <stdio.h>
#include <stdlib.h>

#include "lib/array.h"

#define LINE_GRACE 10000                /* milliseconds that superd's next line may be late */
#define OTHER_LINES 5                   /* lines of the screen around the services: head, titles, the cursor's own */

struct top_view {
	struct screen screen;
	bool draws;                     /* to a terminal that can be cleared */
	bool has_printed;
	json_t *now, *before;           /* the last two answers, owned; NULL: there was none */
	char sort;                      /* as in options */
};

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

/* The share of a processor that something has used between two answers; below 0: unknown. */
static double share_of(const struct top_view *top, const json_t *now, const json_t *before)
{
	double seconds = json_reply_number(top->now, "at") - json_reply_number(top->before, "at");
	double used = json_reply_number(now, "cpu") - json_reply_number(before, "cpu");

	if (seconds <= 0 || !json_reply_has_number(now, "cpu") || !json_reply_has_number(before, "cpu"))
		return -1;
	return used > 0 ? used / seconds : 0;
}

static void add_share(struct buf *out, double share)
{
	if (share >= 0)
		buf_addf(out, "%.1f%%", share * 100);
}

static void add_head(const struct top_view *top, struct buf *out)
{
	const json_t *superd = json_reply_object(top->now, "superd");
	const json_t *earlier = json_reply_object(top->before, "superd");

	human_units_add_time(out, json_reply_number(top->now, "at"));
	buf_addf(out, "  superd[%.0f]", json_reply_number(superd, "pid"));
	(void)sentence_add(out, superd, " up {uptime:age}, memory [{memory:bytes}|?], CPU [{cpu:span}|?]");
	if (earlier) {
		buf_text(out, " (");
		add_share(out, share_of(top, superd, earlier));
		buf_char(out, ')');
	}
	(void)sentence_add(out, superd, "; {services: service}, {instances: instance}");
	buf_text(out, "\n\n");
}

/* The columns that are left out first on a narrow terminal stand last. The share stands before the others. */
static const enum field columns_of_top[] = {
	FIELD_NAME, FIELD_STATE, FIELD_SHARE, FIELD_TIME, FIELD_MEMORY, FIELD_INSTANCES, FIELD_QUEUE, FIELD_STARTS,
	FIELD_REFUSED, FIELD_FOR,
};

#define COLUMNS (sizeof(columns_of_top) / sizeof(*columns_of_top))
#define BEFORE_SHARE 2

/* Adds the head, and at most `most` services with the number of the others. */
static void add_table(const struct top_view *top, size_t most, struct buf *out)
{
	const json_t *list = json_reply_list(top->now, "services"), *service;
	size_t count = 0, room = 0, n;
	struct listed *rows = NULL;
	json_t *index = index_services(top->before);
	struct columns columns;
	struct buf cell = { 0 };
	double more;

	fields_begin(&columns, columns_of_top, COLUMNS);
	columns.list[0].can_shrink = true;      /* a screen must not wrap its rows */
	json_array_foreach(list, n, service) {
		const json_t *before = json_object_get(index, json_reply_text(service, "service"));

		array_add(rows, count, room) = (struct listed){ service, share_of(top, service, before), top->sort };
	}
	if (rows)
		qsort(rows, count, sizeof(*rows), listed_compare);
	for (n = 0; n < count && n < most; n++) {
		fields_add(&columns, columns_of_top, BEFORE_SHARE, &top->screen, rows[n].service);
		add_share(&cell, rows[n].share);
		columns_add(&columns, STYLE_PLAIN, &cell);
		fields_add(&columns, columns_of_top + BEFORE_SHARE + 1, COLUMNS - BEFORE_SHARE - 1, &top->screen,
			   rows[n].service);
	}
	more = json_reply_number(top->now, "more_services") + (double)(count - n);
	add_head(top, out);
	columns_print(&columns, &top->screen, "", out);
	if (more > 0)
		buf_addf(out, "and %.0f more\n", more);
	buf_free(&cell);
	columns_free(&columns);
	json_decref(index);
	free(rows);
}

static bool print_table(void *context, const json_t *line, struct reply_text *text)
{
	struct top_view *top = context;
	size_t most = SIZE_MAX;

	json_decref(top->before);
	top->before = top->now;
	top->now = json_incref((json_t *)(size_t)line);
	if (top->draws) {
		screen_measure(&top->screen);   /* its user may have changed its size */
		buf_text(&text->out, "\033[H\033[2J");
		most = top->screen.height > OTHER_LINES ? top->screen.height - OTHER_LINES : 1;
	} else if (top->has_printed) {
		buf_char(&text->out, '\n');
	}
	top->has_printed = true;
	add_table(top, most, &text->out);
	return true;
}

enum ctl_status view_top(const struct superctl_options *options)
{
	struct top_view top = { .sort = options->sort ? options->sort : 'c' };
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
	json_decref(top.before);
	json_decref(top.now);
	conversation_close(&conversation);
	return status;
}
