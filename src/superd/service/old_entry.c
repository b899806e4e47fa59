/* Notes and reports which instances still run with an old entry. With accept = yes there may be thousands, which end
 * with their clients, so superd only reports their number. */
#include "superd/service/old_entry.h"

#include <string.h>

#include "superd/instance/outdated.h"
#include "superd/stop/stop.h"

#define TOLD_MOST 4                     /* number of instances that are reported one by one */

void old_entry_note(struct service_runtime *runtime, const struct service *service)
{
	struct option_differences differences = { 0 };

	if (runtime_is_empty(runtime))
		return;
	service_differences(runtime->service, service, &differences);
	LIST_EACH(link, runtime_instances(runtime))
		outdated_note(&container_of(link, struct instance, link)->outdated, &differences);
	differences_free(&differences);
}

static bool has_endpoint(const struct service *service, const struct listen *listen)
{
	for (size_t n = 0; n < service->socket_count; n++) {
		if (endpoint_equal(service->sockets[n].endpoint, listen->endpoint))
			return true;
	}
	return false;
}

void old_entry_note_sockets(struct service_runtime *runtime, const struct service *service)
{
	struct instance *current = runtime_current(runtime);

	if (!current)
		return;
	outdated_forget_sockets(&current->outdated);
	for (size_t n = 0; n < runtime->service->socket_count; n++) {
		if (!has_endpoint(service, &runtime->service->sockets[n]))
			outdated_note_socket(&current->outdated, &runtime->service->sockets[n]);
	}
}

static bool goes_on(const struct instance *instance)
{
	return instance->outdated && !instance->facts.stopped;
}

size_t old_entry_count(struct service_runtime *runtime)
{
	size_t count = 0;

	LIST_EACH(link, runtime_instances(runtime))
		count += goes_on(container_of(link, struct instance, link));
	return count;
}

void old_entry_add_words(struct buf *out, const char *names)
{
	for (; *names; names++) {
		if (*names == ' ')
			buf_char(out, ',');
		buf_char(out, *names);
	}
}

static void add_options(const struct outdated *outdated, struct buf *out)
{
	for (size_t n = 0; n < outdated->count; n++)
		buf_addf(out, "%s%s", n ? ", " : " (", outdated->options[n].name);
	if (outdated->count)
		buf_char(out, ')');
}

static void describe_one(const struct instance *instance, struct buf *out)
{
	const struct outdated *outdated = instance->outdated;

	if (instance->pid > 0)
		buf_addf(out, "pid %ld", (long)instance->pid);
	else
		buf_text(out, "the instance that starts");
	buf_text(out, " runs on by the old configuration");
	add_options(outdated, out);
	if (outdated->sockets.length) {
		buf_text(out, ", and has ");
		old_entry_add_words(out, buf_string(&outdated->sockets));
		buf_text(out, " still");
	}
	if (stop_waits(instance))
		buf_text(out, ", until its clients have left");
}

void old_entry_describe(struct service_runtime *runtime, struct buf *out)
{
	size_t count = old_entry_count(runtime), told = 0;

	if (!count)
		return;
	if (runtime->service->exec->accept || count > TOLD_MOST) {
		buf_addf(out, "%zu instance%s by the old configuration", count, count == 1 ? " runs on" : "s run on");
	} else {
		LIST_EACH(link, runtime_instances(runtime)) {
			const struct instance *instance = container_of(link, struct instance, link);

			if (!goes_on(instance))
				continue;
			buf_text(out, told++ ? "; " : "");
			describe_one(instance, out);
		}
	}
	if (!runtime_is_removed(runtime))          /* a removed service cannot be started again */
		buf_addf(out, ": superctl restart %s", runtime->service->name);
}

static bool has_datagrams(const struct service_runtime *runtime)
{
	for (size_t n = 0; n < runtime->service->socket_count; n++) {
		if (!endpoint_accepts(runtime->service->sockets[n].endpoint))
			return true;
	}
	return false;
}

static void add_drain(const struct service_runtime *runtime, struct buf *out)
{
	if (!runtime->service->socket_count)
		buf_text(out, "is stopped (on_remove = drain)");
	else if (has_datagrams(runtime))
		buf_addf(out, "keeps running, because its clients are unknown (on_remove = drain): superctl stop %s",
			 runtime->service->name);
	else
		buf_addf(out, "runs on until its clients have left (on_remove = drain): superctl stop %s",
			 runtime->service->name);
}

void old_entry_describe_removed(struct service_runtime *runtime, struct buf *out)
{
	bool drains = service_on_remove(runtime->service, runtime->service) == REMOVE_DRAIN &&
		      !runtime->service->exec->accept;
	size_t count = 0;
	pid_t pid = 0;

	LIST_EACH(link, runtime_instances(runtime)) {
		pid = container_of(link, struct instance, link)->pid;
		count++;
	}
	if (!count)
		return;
	if (count == 1 && pid > 0)
		buf_addf(out, "pid %ld ", (long)pid);
	else
		buf_addf(out, "%zu instance%s ", count, count == 1 ? "" : "s");
	if (runtime_keeps_instances(runtime) && drains && count == 1)
		add_drain(runtime, out);
	else if (runtime_keeps_instances(runtime))
		buf_addf(out, "%s on (on_remove = %s): superctl stop %s", count == 1 ? "runs" : "run",
			 drains ? "drain" : "finish", runtime->service->name);
	else
		buf_addf(out, "%s stopped", count == 1 ? "is" : "are");
}
