/* The paragraphs of superctl status. The hard thing is to say nothing that is not so: a queue that the kernel does not
 * tell is not empty, and a peer that has no address still came. */
#include "cli/superctl/superctl_status_parts.h"

#include <string.h>

#include "cli/superctl/superctl_amount.h"
#include "cli/superctl/superctl_answer.h"
#include "cli/superctl/superctl_columns.h"
#include "cli/superctl/superctl_facts.h"

#define LABEL 12 /* columns up to the colon */

void status_add_label(struct buf *out, const char *label)
{
	for (size_t n = strlen(label); n < LABEL - 1; n++)
		buf_char(out, ' ');
	buf_addf(out, "%s%s ", label, *label ? ":" : " ");
}

static void add_queue(struct buf *out, const json_t *listener)
{
	if (!answer_has_number(listener, "queue"))
		return;
	if (answer_number(listener, "queue") > 0)
		buf_addf(out, ", %.0f waiting", answer_number(listener, "queue"));
	else
		buf_text(out, ", nobody waiting");
	if (answer_has_number(listener, "queue_limit") && answer_number(listener, "queue_limit") > 0)
		buf_addf(out, " of at most %.0f", answer_number(listener, "queue_limit"));
}

void status_add_listeners(struct buf *out, const json_t *service)
{
	const json_t *list = answer_list(service, "listeners");

	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *listener = json_array_get(list, i);
		const char *name = answer_text(listener, "name");

		status_add_label(out, i ? "" : "Listen");
		answer_show_text(out, listener, "endpoint");
		if (*name && strcmp(name, answer_text(service, "service")) != 0) {
			buf_text(out, " (");
			answer_show_text(out, listener, "name");
			buf_char(out, ')');
		}
		if (answer_flag(listener, "open"))
			add_queue(out, listener);
		else
			buf_text(out, ", closed");
		buf_char(out, '\n');
	}
}

static void add_instance(struct columns *columns, struct buf *cell, const json_t *instance)
{
	if (answer_has_number(instance, "pid"))         /* the commands before its program may run still */
		buf_addf(cell, "%.0f", answer_number(instance, "pid"));
	columns_add(columns, STYLE_PLAIN, cell);
	answer_show_text(cell, instance, "state");
	columns_add(columns, STYLE_PLAIN, cell);
	amount_add_age(cell, answer_number(instance, "age"));
	columns_add(columns, STYLE_PLAIN, cell);
	if (answer_has_number(instance, "memory"))
		amount_add_bytes(cell, answer_number(instance, "memory"));
	columns_add(columns, STYLE_PLAIN, cell);
	if (answer_has_number(instance, "cpu"))
		amount_add_span(cell, answer_number(instance, "cpu"));
	columns_add(columns, STYLE_PLAIN, cell);
	answer_show_text(cell, instance, "peer");
	columns_add(columns, STYLE_PLAIN, cell);
	answer_show_text(cell, instance, "says");
	columns_add(columns, STYLE_PLAIN, cell);
}

void status_add_instances(struct buf *out, const struct screen *screen, const json_t *service)
{
	static const struct column titles[] = {
		{ .title = "PID", .right = true },  { .title = "STATE" },
		{ .title = "FOR", .right = true },  { .title = "MEMORY", .right = true },
		{ .title = "CPU", .right = true },  { .title = "PEER", .gives = true },
		{ .title = "SAYS", .gives = true },
	};
	const json_t *list = answer_list(service, "instances");
	struct columns columns;
	struct buf cell = { 0 };

	if (!json_array_size(list))
		return;
	columns_begin(&columns, titles, sizeof(titles) / sizeof(titles[0]));
	for (size_t i = 0; i < json_array_size(list); i++)
		add_instance(&columns, &cell, json_array_get(list, i));
	status_add_label(out, "Instances");
	buf_addf(out, "%zu", facts_instances(service));
	if (facts_instances(service) > json_array_size(list))
		buf_addf(out, ", %zu of them here", json_array_size(list));
	buf_char(out, '\n');
	columns_print(&columns, screen, 0, SIZE_MAX, "             ", "\n", out);
	columns_free(&columns);
	buf_free(&cell);
}

/* "pid 23: env; has tcp:8080 still" */
static void add_outdated(struct buf *out, const json_t *instance, const json_t *outdated)
{
	const json_t *options = answer_list(outdated, "options");

	if (answer_has_number(instance, "pid"))
		buf_addf(out, "pid %.0f", answer_number(instance, "pid"));
	for (size_t i = 0; i < json_array_size(options); i++) {
		buf_text(out, i ? ", " : ": ");
		answer_show(out, json_array_get(options, i));
	}
	if (*answer_text(outdated, "sockets")) {
		buf_text(out, "; has ");
		answer_show_text(out, outdated, "sockets");
		buf_text(out, " still");
	}
	if (answer_flag(instance, "drains"))
		buf_text(out, "; until its clients are gone");
	buf_char(out, '\n');
}

/* Who goes on by a row of before; of an instance a client the number is enough. */
void status_add_outdated(struct buf *out, const struct screen *screen, const json_t *service)
{
	const json_t *list = answer_list(service, "instances");
	double count = answer_number(service, "outdated");

	if (count <= 0)
		return;
	status_add_label(out, "Outdated");
	screen_set(screen, out, STYLE_YELLOW);
	buf_addf(out, "%.0f instance%s by the entry of before", count, count == 1 ? " runs on" : "s run on");
	screen_set(screen, out, STYLE_PLAIN);
	if (!answer_is(service, "state", "leaving")) {
		buf_text(out, ": superctl restart ");
		answer_show_text(out, service, "service");
	}
	buf_char(out, '\n');
	for (size_t i = 0; !answer_flag(service, "accept") && i < json_array_size(list); i++) {
		const json_t *outdated = answer_object(json_array_get(list, i), "outdated");

		if (!outdated)
			continue;
		status_add_label(out, "");
		add_outdated(out, json_array_get(list, i), outdated);
	}
}

static void add_mean(struct buf *out, const json_t *latency)
{
	double count = answer_number(latency, "count");

	if (count < 1)
		return;
	buf_text(out, ", ready after ");
	amount_add_span(out, answer_number(latency, "sum") / count);
	buf_text(out, " on average");
}

/* "3 WORDs AFTER", and nothing of what never was. */
static void add_count(struct buf *out, double count, const char *word, const char *after)
{
	if (count > 0)
		buf_addf(out, ", %.0f %s%s%s", count, word, count == 1 ? "" : "s", after);
}

void status_add_counts(struct buf *out, const json_t *service)
{
	double failures = answer_number(service, "failures"), freezes = answer_number(service, "freezes");

	status_add_label(out, "Started");
	buf_addf(out, "%.0f time%s", answer_number(service, "activations"),
		 answer_number(service, "activations") == 1 ? "" : "s");
	if (failures > 0)
		buf_addf(out, ", %.0f of them failed", failures);
	add_count(out, answer_number(service, "accepted"), "connection", " accepted");
	add_count(out, answer_number(service, "probes"), "probe", " closed");
	add_count(out, answer_number(service, "idle_stops"), "idle stop", "");
	if (freezes > 0)
		buf_addf(out, ", frozen %.0f time%s", freezes, freezes == 1 ? "" : "s");
	add_mean(out, answer_object(service, "latency"));
	buf_char(out, '\n');
}

static void add_ago(struct buf *out, const json_t *event, double now)
{
	double at = answer_number(event, "at");

	amount_add_time(out, at);
	if (now > 0 && at > 0 && now >= at) {
		buf_text(out, "; ");
		amount_add_age(out, now - at);
		buf_text(out, " ago");
	}
}

/* superd's own clock, from what it says of the state. */
static double now_of(const json_t *service)
{
	return answer_has_number(service, "since") && answer_has_number(service, "for")
		? answer_number(service, "since") + answer_number(service, "for")
		: 0;
}

void status_add_activation(struct buf *out, const json_t *service)
{
	const json_t *last = answer_object(service, "last_activation");

	if (!last)
		return;
	status_add_label(out, "Last start");
	add_ago(out, last, now_of(service));
	if (*answer_text(last, "by")) {
		buf_text(out, ", by ");
		answer_show_text(out, last, "by");
	}
	if (answer_has_number(last, "latency")) {
		buf_text(out, ", ready after ");
		amount_add_span(out, answer_number(last, "latency"));
	}
	buf_char(out, '\n');
}

static void add_ending(struct buf *out, const json_t *end)
{
	if (*answer_text(end, "signal")) {
		buf_text(out, ", by signal ");
		answer_show_text(out, end, "signal");
	} else if (answer_has_number(end, "status")) {
		buf_addf(out, ", with status %.0f", answer_number(end, "status"));
	}
	if (*answer_text(end, "result")) {
		buf_text(out, " (");
		answer_show_text(out, end, "result");
		buf_char(out, ')');
	}
}

void status_add_exit(struct buf *out, const json_t *service)
{
	const json_t *last = answer_object(service, "last_exit");

	if (!last)
		return;
	status_add_label(out, "Last exit");
	add_ago(out, last, now_of(service));
	add_ending(out, last);
	if (answer_has_number(last, "lasted")) {
		buf_text(out, ", having lasted ");
		amount_add_span(out, answer_number(last, "lasted"));
	}
	buf_char(out, '\n');
}

/* How many came in a row first, as health goes by that. */
void status_add_failures(struct buf *out, const json_t *service)
{
	const json_t *list = answer_list(service, "last_failures");

	if (!json_array_size(list))
		return;
	status_add_label(out, "Failures");
	buf_addf(out, "%.0f, %.0f of them in a row up to now\n", answer_number(service, "failures"),
		 answer_number(service, "failed_in_row"));
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *failure = json_array_get(list, i);

		status_add_label(out, "");
		add_ago(out, failure, now_of(service));
		if (answer_has_number(failure, "pid"))
			buf_addf(out, ", pid %.0f", answer_number(failure, "pid"));
		if (*answer_text(failure, "peer")) {
			buf_text(out, ", for ");
			answer_show_text(out, failure, "peer");
		}
		if (*answer_text(failure, "reason")) {
			buf_text(out, ": ");
			answer_show_text(out, failure, "reason");
		} else {
			add_ending(out, failure);
		}
		buf_char(out, '\n');
	}
}

void status_add_refusals(struct buf *out, const json_t *service)
{
	json_t *refused = json_object_get(service, "refused");
	bool any = false;

	for (void *at = json_object_iter(refused); at; at = json_object_iter_next(refused, at)) {
		double number = json_number_value(json_object_iter_value(at));

		if (number <= 0)
			continue;
		if (!any)
			status_add_label(out, "Refused");
		buf_addf(out, "%s%.0f for ", any ? ", " : "", number);
		buf_visible(out, json_object_iter_key(at), strlen(json_object_iter_key(at)));
		any = true;
	}
	if (any)
		buf_char(out, '\n');
}

void status_add_pause(struct buf *out, const struct screen *screen, const json_t *service)
{
	const json_t *pause = answer_object(service, "pause");

	if (!pause)
		return;
	status_add_label(out, "Pause");
	screen_set(screen, out, STYLE_YELLOW);
	answer_show_text(out, pause, "reason");
	if (answer_has_number(pause, "left")) {
		buf_text(out, "; next try in ");
		amount_add_span(out, answer_number(pause, "left"));
	} else {
		buf_text(out, "; not started again by itself");
	}
	screen_set(screen, out, STYLE_PLAIN);
	buf_char(out, '\n');
}

/* What happens at the end of the idle timeout. */
static const char *consequence(const json_t *idle)
{
	if (answer_is(idle, "action", "freeze"))
		return "is frozen";
	return answer_is(idle, "action", "report") ? "is only reported" : "is stopped";
}

/* "2 connected 40 s ago": what was counted so long before says less. */
static void add_users(struct buf *out, const json_t *idle)
{
	double connections = answer_number(idle, "connections");

	if (connections > 0) {
		buf_addf(out, "no, %.0f connected", connections);
		if (answer_number(idle, "counted") >= 1) {
			buf_text(out, " when counted ");
			amount_add_span(out, answer_number(idle, "counted"));
			buf_text(out, " ago");
		}
		buf_text(out, "; ");
	} else if (answer_has_number(idle, "for")) {
		buf_text(out, "nobody connected for ");
		amount_add_span(out, answer_number(idle, "for"));
		buf_text(out, "; ");
	}
	if (answer_is(idle, "standing", "postponed"))
		buf_text(out, "it waits for others that go first; ");
	else if (answer_is(idle, "standing", "letting-go"))
		buf_text(out, "that is being done; ");
}

void status_add_idle(struct buf *out, const json_t *service)
{
	const json_t *idle = answer_object(service, "idle");

	if (!idle)
		return;
	status_add_label(out, "Idle");
	add_users(out, idle);
	if (answer_is(idle, "standing", "frozen")) {
		buf_text(out, "frozen\n");
		return;
	}
	buf_addf(out, "%s when nobody has been connected for ", consequence(idle));
	amount_add_span(out, answer_number(idle, "timeout"));
	buf_char(out, '\n');
}

void status_add_log(struct buf *out, const struct screen *screen, const json_t *service)
{
	const json_t *list = answer_list(service, "log");

	if (json_array_size(list))
		buf_char(out, '\n');
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *line = json_array_get(list, i);
		bool is_grave = answer_is(line, "level", "error") || answer_is(line, "level", "warning");
		struct buf text = { 0 };

		amount_add_clock(&text, answer_number(line, "at"));
		buf_char(&text, ' ');
		answer_show_text(&text, line, "text");
		if (screen->width)
			(void)buf_cut(&text, screen_cut(buf_string(&text), screen->width));
		out->failed |= text.failed;
		screen_add(screen, out, is_grave ? STYLE_YELLOW : STYLE_PLAIN, buf_string(&text));
		buf_char(out, '\n');
		buf_free(&text);
	}
}
