/* Composes the JSON objects of the query verbs from the parts in show_internal.
 *
 * A row of a list reads nothing from /proc or control groups, so that a list of many services stays cheap. */
#include "control/show.h"

#include <unistd.h>

#include "base/clock.h"
#include "base/json.h"
#include "config/type/type.h"
#include "control/show_internal.h"
#include "engine/service/keeper.h"
#include "os/rights/own_privileges.h"

static void add_exec(const struct service_view *view, struct buf *out)
{
	const struct what *what = view->match.row->what;
	words exec = what->exec ? what->exec : what->builtin ? what->builtin : what->redirect;

	field_list(out, "exec");
	for (size_t n = 0; exec && exec[n]; n++)
		element_text(out, exec[n]);
	list_close(out);
	if (what->exec && what->argv0)
		field_text(out, "argv0", what->argv0);
	if (!what->exec && exec)
		field_text(out, what->builtin ? "builtin" : "redirect", exec[0]);
}

static void add_row_facts(const struct service_view *view, struct buf *out)
{
	static const char *const types[] = { "simple", "exec", "notify", "notify-reload", "forking", "oneshot" };
	const struct service *row = view->match.row;
	struct buf place = { 0 };

	if (row->at.file)
		buf_addf(&place, "%s:%u", row->at.file, row->at.line);
	out->failed |= place.failed;
	field_text(out, "source", place.length ? buf_string(&place) : NULL);
	buf_free(&place);
	field_flag(out, "accept", row->what->accept);
	field_text(out, "type", types[row->what->type]);
}

static void add_log(const struct service_view *view, struct buf *out)
{
	struct list *lines = recent_log_of(view->recent_log, view->match.row->name);

	field_list(out, "log");
	for (struct list *link = lines ? lines->next : NULL; link && link != lines; link = link->next) {
		const struct recent_line *line = container_of(link, struct recent_line, link);

		object_open(out);
		field_seconds(out, "at", line->at);
		field_text(out, "level", log_level_name(line->level));
		field_text(out, "text", line->text);
		object_close(out);
	}
	list_close(out);
}

void show_status(const struct service_view *view, struct buf *out)
{
	object_open(out);
	show_state(view, out);
	show_locks(view, out);
	add_row_facts(view, out);
	add_exec(view, out);
	show_listeners(view, true, out);
	show_instances(view, out);
	show_counts(view, out);
	show_refused(view, out);
	show_past(view, out);
	show_failures(view, out);
	show_idle(view, true, out);
	show_latency(view, out);
	add_log(view, out);
	object_close(out);
}

static size_t count_instances(const struct service_view *view)
{
	size_t count = 0;

	if (!view->match.keeper)
		return 0;
	LIST_EACH(link, keeper_instances(view->match.keeper))
		count++;
	return count;
}

static void add_row(const struct service_view *view, struct buf *out)
{
	show_state(view, out);
	show_listeners(view, false, out);
	field_count(out, "instances", count_instances(view));
	show_counts(view, out);
	add_exec(view, out);
}

void show_row(const struct service_view *view, struct buf *out)
{
	object_open(out);
	add_row(view, out);
	object_close(out);
}

void show_busy(const struct service_view *view, struct buf *out)
{
	object_open(out);
	add_row(view, out);
	show_usage(usage_of_keeper(view->match.keeper), out);
	show_refused(view, out);
	object_close(out);
}

void show_counters(const struct service_view *view, struct buf *out)
{
	object_open(out);
	show_state(view, out);
	show_listeners(view, true, out);
	field_count(out, "instances", count_instances(view));
	show_usage(usage_of_keeper(view->match.keeper), out);
	show_counts(view, out);
	show_refused(view, out);
	show_past(view, out);
	show_idle(view, false, out);
	show_latency(view, out);
	show_spent(view, out);
	object_close(out);
}

void show_superd(const struct supervisor *supervisor, double started, double offset, struct buf *out)
{
	const struct log_losses *lost = log_losses(supervisor->engine.log);
	size_t services = 0;

	for (size_t n = 0; n < supervisor->roster.count; n++)
		services += supervisor->roster.keepers[n] != NULL;
	field_object(out, "superd");
	field_count(out, "pid", (uint64_t)getpid());
	field_text(out, "version", PACKAGE_VERSION);
	field_seconds(out, "uptime", clock_now() - started);
	show_usage(resource_usage_of_process(getpid()), out);
	field_count(out, "services", services);
	field_count(out, "left_out", left_out_count(supervisor->table));
	field_count(out, "instances", supervisor->engine.instances);
	field_seconds(out, "loaded", supervisor->loaded + offset);
	field_flag(out, "current", !supervisor->is_outdated);
	field_count(out, "log_dropped", lost ? lost->all : 0);
	field_count(out, "log_dropped_of_clients", lost ? lost->of_clients : 0);
	object_close(out);
}

static void show_capabilities(struct buf *out, const char *name, uint64_t held)
{
	field_list(out, name);
	for (unsigned number = 0; number < 64; number++) {
		const char *known = held >> number & 1 ? capability_name(number) : NULL;

		if (known)
			element_text(out, known);
	}
	list_close(out);
}

void show_posture(struct buf *out)
{
	struct own_privileges privileges;

	own_privileges_read(&privileges);
	field_object(out, "posture");
	show_capabilities(out, "effective", privileges.effective);
	show_capabilities(out, "permitted", privileges.permitted);
	show_capabilities(out, "bounding", privileges.bounding);
	field_flag(out, "no_new_privileges", privileges.no_new_privileges);
	field_flag(out, "dumpable", privileges.dumpable);
	object_close(out);
}
