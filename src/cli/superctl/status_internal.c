/* The paragraphs of superctl status NAME.
 *
 * Each prints only facts that superd has sent: if the kernel does not report the length of a queue, the queue is left
 * out rather than shown empty. */
#include "cli/superctl/status_internal.h"

#include <stdint.h>
#include <math.h>
#include <string.h>

#include "cli/superctl/columns.h"
#include "cli/superctl/human_units.h"
#include "cli/superctl/json_reply.h"
#include "cli/superctl/service_facts.h"

#define LABEL 14 /* columns up to the colon */
#define LONG_WAIT .1 /* seconds from a request to the start that are worth telling */

void status_add_label(struct buf *out, const char *label)
{
	for (size_t n = strlen(label); n < LABEL - 1; n++)
		buf_char(out, ' ');
	buf_addf(out, "%s%s ", label, *label ? ":" : " ");
}

static void add_queue(struct buf *out, const json_t *listener)
{
	if (!json_reply_has_number(listener, "queue"))
		return;
	if (json_reply_number(listener, "queue") > 0)
		buf_addf(out, ", %.0f waiting", json_reply_number(listener, "queue"));
	else
		buf_text(out, ", none waiting");
	if (json_reply_number(listener, "queue_limit") > 0 && json_reply_number(listener, "queue_limit") < INT32_MAX)
		buf_addf(out, " of at most %.0f", json_reply_number(listener, "queue_limit"));
}

void status_add_listeners(struct buf *out, const json_t *service)
{
	const json_t *list = json_reply_list(service, "listeners");

	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *listener = json_array_get(list, i);
		const char *name = json_reply_text(listener, "name");

		status_add_label(out, i ? "" : "Listen");
		json_reply_show_text(out, listener, "endpoint");
		if (*name && strcmp(name, json_reply_text(service, "service")) != 0) {
			buf_text(out, " (");
			json_reply_show_text(out, listener, "name");
			buf_char(out, ')');
		}
		if (json_reply_flag(listener, "open"))
			add_queue(out, listener);
		else if (!*json_reply_text(listener, "why"))
			buf_text(out, ", closed");
		if (*json_reply_text(listener, "why")) {
			buf_text(out, ", ");
			json_reply_show_text(out, listener, "why");
		}
		buf_char(out, '\n');
	}
}

/* Its age, memory and processor time. */
static void add_usage(struct columns *columns, struct buf *cell, const json_t *process)
{
	human_units_add_age(cell, json_reply_number(process, "age"));
	columns_add(columns, STYLE_PLAIN, cell);
	if (json_reply_has_number(process, "memory"))
		human_units_add_bytes(cell, json_reply_number(process, "memory"));
	columns_add(columns, STYLE_PLAIN, cell);
	if (json_reply_has_number(process, "cpu"))
		human_units_add_span(cell, json_reply_number(process, "cpu"));
	columns_add(columns, STYLE_PLAIN, cell);
}

static void add_instance(struct columns *columns, struct buf *cell, const json_t *instance)
{
	if (json_reply_has_number(instance, "pid"))     /* no pid: the commands before its program still run */
		buf_addf(cell, "%.0f", json_reply_number(instance, "pid"));
	columns_add(columns, STYLE_PLAIN, cell);
	json_reply_show_text(cell, instance, "state");
	columns_add(columns, STYLE_PLAIN, cell);
	add_usage(columns, cell, instance);
	json_reply_show_text(cell, instance, "peer");
	columns_add(columns, STYLE_PLAIN, cell);
	json_reply_show_text(cell, instance, json_object_get(instance, "waits_for") ? "waits_for" : "says");
	columns_add(columns, STYLE_PLAIN, cell);
}

void status_add_instances(struct buf *out, const struct screen *screen, const json_t *service)
{
	static const struct column titles[] = {
		{ .title = "PID", .right = true },  { .title = "STATE" },
		{ .title = "FOR", .right = true },  { .title = "MEMORY", .right = true },
		{ .title = "CPU", .right = true },  { .title = "PEER", .can_shrink = true },
		{ .title = "SAYS", .can_shrink = true },
	};
	const struct columns_page page = { .most = SIZE_MAX, .indent = "               ", .end = "\n" };
	const json_t *list = json_reply_list(service, "instances");
	struct columns columns;
	struct buf cell = { 0 };

	if (!json_array_size(list))
		return;
	columns_begin(&columns, titles, sizeof(titles) / sizeof(titles[0]));
	for (size_t i = 0; i < json_array_size(list); i++)
		add_instance(&columns, &cell, json_array_get(list, i));
	status_add_label(out, "Instances");
	buf_addf(out, "%zu", service_facts_instances(service));
	if (service_facts_instances(service) > json_array_size(list))
		buf_addf(out, ", %zu of them here", json_array_size(list));
	buf_char(out, '\n');
	columns_print(&columns, screen, &page, out);
	columns_free(&columns);
	buf_free(&cell);
}

/* "pid 23: env; has tcp:8080 still" */
static void add_outdated(struct buf *out, const json_t *instance, const json_t *outdated)
{
	const json_t *options = json_reply_list(outdated, "options");

	if (json_reply_has_number(instance, "pid"))
		buf_addf(out, "pid %.0f", json_reply_number(instance, "pid"));
	for (size_t i = 0; i < json_array_size(options); i++) {
		buf_text(out, i ? ", " : ": ");
		json_reply_show(out, json_array_get(options, i));
	}
	if (*json_reply_text(outdated, "sockets")) {
		buf_text(out, "; has ");
		json_reply_show_text(out, outdated, "sockets");
		buf_text(out, " still");
	}
	if (json_reply_flag(instance, "drains"))
		buf_text(out, "; until its clients have left");
	buf_char(out, '\n');
}

/* Instances that still run by the entry before a reload. With accept = yes only their number is shown. */
void status_add_outdated(struct buf *out, const struct screen *screen, const json_t *service)
{
	const json_t *list = json_reply_list(service, "instances");
	double count = json_reply_number(service, "outdated");

	if (count <= 0)
		return;
	status_add_label(out, "Outdated");
	screen_set(screen, out, STYLE_YELLOW);
	buf_addf(out, "%.0f instance%s with the previous configuration", count, count == 1 ? " runs" : "s run");
	screen_set(screen, out, STYLE_PLAIN);
	if (!json_reply_is(service, "state", "leaving")) {
		buf_text(out, ": superctl restart ");
		json_reply_show_text(out, service, "service");
	}
	buf_char(out, '\n');
	for (size_t i = 0; !json_reply_flag(service, "accept") && i < json_array_size(list); i++) {
		const json_t *outdated = json_reply_object(json_array_get(list, i), "outdated");

		if (!outdated)
			continue;
		status_add_label(out, "");
		add_outdated(out, json_array_get(list, i), outdated);
	}
}

/* Adds ", ready after 5 ms on average (start: 5.2 ms, thaw: 400 us)", the parts where it was thawed. */
static void add_means(struct buf *out, const json_t *service)
{
	const json_t *latency = json_reply_object(service, "latency");
	const json_t *thaws = json_reply_object(service, "thaw_latency");
	double count = json_reply_number(latency, "count"), thaw_count = json_reply_number(thaws, "count");
	double sum = json_reply_number(latency, "sum"), thaw_sum = json_reply_number(thaws, "sum");

	if (count < 1)
		return;
	buf_text(out, ", ready after ");
	human_units_add_span(out, sum / count);
	buf_text(out, " on average");
	if (thaw_count < 1)
		return;
	buf_text(out, " (");
	if (count > thaw_count) {
		buf_text(out, "start: ");
		human_units_add_span(out, fmax(sum - thaw_sum, 0) / (count - thaw_count));
		buf_text(out, ", ");
	}
	buf_text(out, "thaw: ");
	human_units_add_span(out, thaw_sum / thaw_count);
	buf_char(out, ')');
}

/* Adds "3 WORDs AFTER", or nothing if the count is 0. */
static void add_count(struct buf *out, double count, const char *word, const char *after)
{
	if (count > 0)
		buf_addf(out, ", %.0f %s%s%s", count, word, count == 1 ? "" : "s", after);
}

void status_add_counts(struct buf *out, const json_t *service)
{
	double failures = json_reply_number(service, "failures"), freezes = json_reply_number(service, "freezes");

	status_add_label(out, "Started");
	buf_addf(out, "%.0f time%s", json_reply_number(service, "activations"),
		 json_reply_number(service, "activations") == 1 ? "" : "s");
	if (failures > 0)
		buf_addf(out, ", %.0f of them failed", failures);
	add_count(out, json_reply_number(service, "accepted"), "connection", " accepted");
	add_count(out, json_reply_number(service, "probes"), "probe", " closed");
	add_count(out, json_reply_number(service, "idle_stops"), "idle stop", "");
	if (freezes > 0)
		buf_addf(out, ", frozen %.0f time%s", freezes, freezes == 1 ? "" : "s");
	add_means(out, service);
	buf_char(out, '\n');
}

static void add_ago(struct buf *out, const json_t *event, double now)
{
	double at = json_reply_number(event, "at");

	human_units_add_clock(out, at);
	if (now > 0 && at > 0 && now >= at) {
		buf_text(out, "; ");
		human_units_add_age(out, now - at);
		buf_text(out, " ago");
	}
}

/* The time of superd's answer, Unix seconds: when the state began, plus how long it has lasted. 0: unknown. */
static double superd_time(const json_t *service)
{
	return json_reply_has_number(service, "since") && json_reply_has_number(service, "for")
		? json_reply_number(service, "since") + json_reply_number(service, "for")
		: 0;
}

void status_add_activation(struct buf *out, const json_t *service)
{
	const json_t *last = json_reply_object(service, "last_activation");
	double wait = json_reply_number(last, "wait");

	if (!last)
		return;
	status_add_label(out, "Last start");
	add_ago(out, last, superd_time(service));
	if (*json_reply_text(last, "by")) {
		buf_text(out, ", by ");
		json_reply_show_text(out, last, "by");
	}
	if (wait >= LONG_WAIT) {
		buf_text(out, ", ");
		human_units_add_span(out, wait);
		buf_text(out, " after it was wanted");
	}
	if (json_reply_has_number(last, "latency")) {
		buf_text(out, ", ready after ");
		human_units_add_span(out, fmax(json_reply_number(last, "latency") - wait, 0));
	}
	buf_char(out, '\n');
}

static void add_ending(struct buf *out, const json_t *end)
{
	if (*json_reply_text(end, "signal")) {
		buf_text(out, ", by signal ");
		json_reply_show_text(out, end, "signal");
	} else if (json_reply_has_number(end, "status")) {
		buf_addf(out, ", with status %.0f", json_reply_number(end, "status"));
	}
	if (*json_reply_text(end, "result")) {
		buf_text(out, " (");
		json_reply_show_text(out, end, "result");
		buf_char(out, ')');
	}
}

void status_add_exit(struct buf *out, const json_t *service)
{
	const json_t *last = json_reply_object(service, "last_exit");

	if (!last)
		return;
	status_add_label(out, "Last exit");
	add_ago(out, last, superd_time(service));
	add_ending(out, last);
	if (json_reply_has_number(last, "lasted")) {
		buf_text(out, ", having lasted ");
		human_units_add_span(out, json_reply_number(last, "lasted"));
	}
	buf_char(out, '\n');
}

/* The number of failures in a row stands first, because health depends on it. */
void status_add_failures(struct buf *out, const json_t *service)
{
	const json_t *list = json_reply_list(service, "last_failures");

	if (!json_array_size(list))
		return;
	status_add_label(out, "Failures");
	buf_addf(out, "%.0f, %.0f of them in a row up to now\n", json_reply_number(service, "failures"),
		 json_reply_number(service, "failed_in_row"));
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *failure = json_array_get(list, i);

		status_add_label(out, "");
		add_ago(out, failure, superd_time(service));
		if (json_reply_has_number(failure, "pid"))
			buf_addf(out, ", pid %.0f", json_reply_number(failure, "pid"));
		if (*json_reply_text(failure, "peer")) {
			buf_text(out, ", for ");
			json_reply_show_text(out, failure, "peer");
		}
		if (*json_reply_text(failure, "reason")) {
			buf_text(out, ": ");
			json_reply_show_text(out, failure, "reason");
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
	const json_t *pause = json_reply_object(service, "pause");

	if (!pause)
		return;
	status_add_label(out, "Pause");
	screen_set(screen, out, STYLE_YELLOW);
	json_reply_show_text(out, pause, "reason");
	if (json_reply_has_number(pause, "left")) {
		buf_text(out, "; next try in ");
		human_units_add_span(out, json_reply_number(pause, "left"));
	} else {
		buf_text(out, "; not started again by itself");
	}
	screen_set(screen, out, STYLE_PLAIN);
	buf_char(out, '\n');
}

static void add_own_port(struct buf *out, const json_t *own, double connections)
{
	const char *endpoint = json_reply_text(own, "endpoint");
	double count = json_reply_number(own, "connections");

	if (!own || !*endpoint)
		return;
	if (count < connections)
		buf_addf(out, ", %.0f of them", count);
	buf_addf(out, " at its own port %s", endpoint);
}

/* Adds "2 clients (10.0.0.5, 10.0.0.9)", with the age of the count if that is 1 s or more; or for how long there was
 * none. */
static void add_clients(struct buf *out, const json_t *idle)
{
	double connections = json_reply_number(idle, "connections");

	if (connections > 0) {
		buf_addf(out, "%.0f client%s", connections, connections == 1 ? "" : "s");
		if (*json_reply_text(idle, "peers")) {
			buf_text(out, " (");
			json_reply_show_text(out, idle, "peers");
			buf_char(out, ')');
		}
		add_own_port(out, json_reply_object(idle, "own_port"), connections);
		if (json_reply_number(idle, "counted") >= 1) {
			buf_text(out, " when counted ");
			human_units_add_span(out, json_reply_number(idle, "counted"));
			buf_text(out, " ago");
		}
	} else {
		buf_text(out, json_reply_has_number(idle, "connections") || json_reply_has_number(idle, "for")
				      ? "no clients" : "clients are not counted yet");
	}
	if (!json_reply_has_number(idle, "for"))
		return;
	buf_text(out, connections > 0 ? "; nothing has moved for " : " for ");
	human_units_add_span(out, json_reply_number(idle, "for"));
}

/* Adds when the idle_timeout ends, as superctl why does. */
static void add_countdown(struct buf *out, const json_t *idle)
{
	double connections = json_reply_number(idle, "connections"), timeout = json_reply_number(idle, "timeout");
	bool are_quiet = json_reply_is(idle, "means", "quiet") && connections > 0;
	double left = timeout - json_reply_number(idle, "for");

	buf_text(out, json_reply_is(idle, "action", "freeze")	? "; it is frozen "
		      : json_reply_is(idle, "action", "report") ? "; it is reported "
								: "; it sleeps ");
	if (json_reply_has_number(idle, "for") && left <= 0) {
		buf_text(out, "now");
	} else if (json_reply_has_number(idle, "for")) {
		buf_text(out, "in ");
		human_units_add_span(out, left);
	} else {
		buf_text(out, connections > 0 && !are_quiet ? "" : "after ");
		human_units_add_span(out, timeout);
		buf_text(out, are_quiet	       ? " without any data"
			      : connections > 0 ? " after the last one leaves"
						: " without a client");
	}
	if (json_reply_is(idle, "standing", "postponed"))
		buf_text(out, ", and waits for others that go first");
}

void status_add_idle(struct buf *out, const json_t *service)
{
	const json_t *idle = json_reply_object(service, "idle");

	if (!idle)
		return;
	status_add_label(out, "Idle");
	add_clients(out, idle);
	if (json_reply_is(idle, "standing", "busy")) {
		buf_text(out, "; not idle: ");
		json_reply_show_text(out, idle, "busy");
	} else if (!json_reply_is(idle, "standing", "frozen") && !json_reply_is(idle, "standing", "reported")) {
		add_countdown(out, idle);
	}
	buf_char(out, '\n');
}

static void add_warm_programs(struct buf *out, const struct screen *screen, const json_t *service)
{
	static const struct column titles[] = {
		{ .title = "PID", .right = true },
		{ .title = "FOR", .right = true },
		{ .title = "MEMORY", .right = true },
		{ .title = "CPU", .right = true },
	};
	const struct columns_page page = { .most = SIZE_MAX, .indent = "               ", .end = "\n" };
	const json_t *list = json_reply_list(service, "warm_programs");
	struct columns columns;
	struct buf cell = { 0 };

	if (!json_array_size(list))
		return;
	columns_begin(&columns, titles, sizeof(titles) / sizeof(titles[0]));
	for (size_t i = 0; i < json_array_size(list); i++) {
		buf_addf(&cell, "%.0f", json_reply_number(json_array_get(list, i), "pid"));
		columns_add(&columns, STYLE_PLAIN, &cell);
		add_usage(&columns, &cell, json_array_get(list, i));
	}
	columns_print(&columns, screen, &page, out);
	columns_free(&columns);
	buf_free(&cell);
	if (json_reply_number(service, "more_warm_programs") > 0)
		buf_addf(out, "%sand %.0f more\n", page.indent, json_reply_number(service, "more_warm_programs"));
}

void status_add_warm(struct buf *out, const struct screen *screen, const json_t *service)
{
	const json_t *warm = json_reply_object(service, "warm");

	if (!warm)
		return;
	status_add_label(out, "Warm");
	buf_addf(out, "%.0f of %.0f wait for a client", json_reply_number(warm, "held"),
		 json_reply_number(warm, "wanted"));
	if (json_reply_number(warm, "preparing") > 0)
		buf_addf(out, ", %.0f being started", json_reply_number(warm, "preparing"));
	buf_addf(out, "; %.0f taken, %.0f missed", json_reply_number(warm, "taken"), json_reply_number(warm, "missed"));
	if (*json_reply_text(warm, "obstacle")) {
		buf_text(out, "; ");
		json_reply_show_text(out, warm, "obstacle");
	}
	buf_char(out, '\n');
	add_warm_programs(out, screen, service);
}

void status_add_log(struct buf *out, const struct screen *screen, const json_t *service)
{
	const json_t *list = json_reply_list(service, "log");

	if (json_array_size(list))
		buf_char(out, '\n');
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *line = json_array_get(list, i);
		bool is_grave = json_reply_is(line, "level", "error") || json_reply_is(line, "level", "warning");
		struct buf text = { 0 };

		human_units_add_clock(&text, json_reply_number(line, "at"));
		buf_char(&text, ' ');
		json_reply_show_text(&text, line, "text");
		if (screen->width)
			(void)buf_cut(&text, screen_cut(buf_string(&text), screen->width));
		out->failed |= text.failed;
		screen_add(screen, out, is_grave ? STYLE_YELLOW : STYLE_PLAIN, buf_string(&text));
		buf_char(out, '\n');
		buf_free(&text);
	}
}

static void add_names(struct buf *out, const char *title, const json_t *names)
{
	size_t n;
	json_t *name;

	buf_addf(out, "  %-10s", title);
	json_array_foreach(names, n, name) {
		buf_char(out, ' ');
		json_reply_show(out, name);
	}
	buf_text(out, json_array_size(names) ? "\n" : " none\n");
}

static void add_flags(struct buf *out, const json_t *posture)
{
	buf_addf(out, "%s, %s\n", json_is_true(json_object_get(posture, "dumpable")) ? "dumpable" : "not dumpable",
		 json_is_true(json_object_get(posture, "no_new_privileges")) ? "no_new_privileges" :
									       "may gain privileges");
}

void status_add_posture_line(struct buf *out, const json_t *version)
{
	const json_t *posture = json_object_get(version, "posture");
	size_t count = json_array_size(json_object_get(posture, "effective"));

	if (!posture)
		return;
	buf_addf(out, "\nsuperd itself uses %zu capabilit%s (superctl version lists them); ", count,
		 count == 1 ? "y" : "ies");
	add_flags(out, posture);
}

void status_add_refused(struct buf *out, const json_t *version)
{
	if (!*json_reply_text(version, "reload_refused"))
		return;
	buf_text(out, "\nthe last reload was refused: ");
	json_reply_show_text(out, version, "reload_refused");
	buf_text(out, "; superd uses the previous configuration\n");
}

void status_add_posture(struct buf *out, const json_t *version)
{
	const json_t *posture = json_object_get(version, "posture");

	if (!posture)
		return;
	buf_text(out, "superd itself (superd(8), PRIVILEGES)\n");
	add_names(out, "uses", json_object_get(posture, "effective"));
	add_names(out, "may use", json_object_get(posture, "permitted"));
	add_names(out, "bounds", json_object_get(posture, "bounding"));
	buf_text(out, "  ");
	add_flags(out, posture);
}
