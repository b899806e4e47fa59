/* Putting objects together. The hard thing is to ask the kernel only for what is wanted: a row of a list costs no look
 * into /proc. */
#include "control/show.h"

#include <unistd.h>

#include "base/fields.h"
#include "config/type/type.h"
#include "control/show_parts.h"
#include "engine/service/keeper.h"
#include "os/rights/posture.h"

static void add_exec(const struct showing *showing, struct buf *out)
{
	const struct what *what = showing->found.row->what;
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

static void add_row_facts(const struct showing *showing, struct buf *out)
{
	static const char *const types[] = { "simple", "exec", "notify", "notify-reload", "forking", "oneshot" };
	const struct service *row = showing->found.row;
	struct buf place = { 0 };

	if (row->at.file)
		buf_addf(&place, "%s:%u", row->at.file, row->at.line);
	out->failed |= place.failed;
	field_text(out, "source", place.length ? buf_string(&place) : NULL);
	buf_free(&place);
	field_flag(out, "accept", row->what->accept);
	field_text(out, "type", types[row->what->type]);
}

static void add_log(const struct showing *showing, struct buf *out)
{
	struct list *lines = lately_of(showing->lately, showing->found.row->name);

	field_list(out, "log");
	for (struct list *link = lines ? lines->next : NULL; link && link != lines; link = link->next) {
		const struct late_line *line = container_of(link, struct late_line, link);

		object_open(out);
		field_seconds(out, "at", line->at);
		field_text(out, "level", log_level_name(line->level));
		field_text(out, "text", line->text);
		object_close(out);
	}
	list_close(out);
}

void show_status(const struct showing *showing, struct buf *out)
{
	object_open(out);
	show_state(showing, out);
	show_locks(showing, out);
	add_row_facts(showing, out);
	add_exec(showing, out);
	show_listeners(showing, true, out);
	show_instances(showing, out);
	show_counts(showing, out);
	show_refused(showing, out);
	show_past(showing, out);
	show_failures(showing, out);
	show_idle(showing, true, out);
	show_latency(showing, out);
	add_log(showing, out);
	object_close(out);
}

static size_t count_instances(const struct showing *showing)
{
	size_t count = 0;

	if (!showing->found.keeper)
		return 0;
	LIST_EACH(link, keeper_instances(showing->found.keeper))
		count++;
	return count;
}

static void add_row(const struct showing *showing, struct buf *out)
{
	show_state(showing, out);
	show_listeners(showing, false, out);
	field_count(out, "instances", count_instances(showing));
	show_counts(showing, out);
	add_exec(showing, out);
}

void show_row(const struct showing *showing, struct buf *out)
{
	object_open(out);
	add_row(showing, out);
	object_close(out);
}

void show_busy(const struct showing *showing, struct buf *out)
{
	object_open(out);
	add_row(showing, out);
	show_usage(usage_of_keeper(showing->found.keeper), out);
	show_refused(showing, out);
	object_close(out);
}

void show_counters(const struct showing *showing, struct buf *out)
{
	object_open(out);
	show_state(showing, out);
	show_listeners(showing, true, out);
	field_count(out, "instances", count_instances(showing));
	show_usage(usage_of_keeper(showing->found.keeper), out);
	show_counts(showing, out);
	show_refused(showing, out);
	show_past(showing, out);
	show_idle(showing, false, out);
	show_latency(showing, out);
	show_spent(showing, out);
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
	field_seconds(out, "uptime", engine_clock() - started);
	show_usage(usage_of_process(getpid()), out);
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
	struct posture posture;

	posture_look(&posture);
	field_object(out, "posture");
	show_capabilities(out, "effective", posture.effective);
	show_capabilities(out, "permitted", posture.permitted);
	show_capabilities(out, "bounding", posture.bounding);
	field_flag(out, "no_new_privileges", posture.no_new_privileges);
	field_flag(out, "dumpable", posture.dumpable);
	object_close(out);
}
