/* Resumes instances that another superd has started. If something is missing in the ledger, or has no place any
 * more, superd must still be able to see their end and to stop them. */
#include "engine/upgrade/resume_instance.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/fd.h"
#include "engine/accept/channel.h"
#include "engine/accept/datagram.h"
#include "engine/accept/guest.h"
#include "engine/drain/drain.h"
#include "engine/instance/hearing.h"
#include "engine/instance/main_watch.h"
#include "engine/instance/notice.h"
#include "engine/instance/outdated.h"
#include "engine/service/run.h"
#include "engine/upgrade/resume.h"

void resume_say_loss(const struct keeper *keeper, const char *what)
{
	struct event event = { .name = "upgraded", .service = keeper->service->name, .reason = what };

	log_event(keeper->engine->log, LEVEL_ERROR, &event, "%s did not come through the upgrade", what);
}

void resume_notify(struct resumed *resumed, struct ledger_section *section)
{
	struct keeper *keeper = resumed->keeper;
	const char *variable = ledger_text(section, "variable");
	struct notify **mine = &keeper->activity->means.notify, *notify = NULL;
	int fd = resume_fd(section, "fd");

	if (resumed->notify_count == RESUME_SOCKETS) {
		fd_close(&fd);
		return;
	}
	if (fd >= 0 && variable)
		notify = notify_resume(keeper->engine, keeper->service->name, variable, fd);
	resumed->notifies[resumed->notify_count++] = notify;
	if (!notify) {
		fd_close(&fd);
		resume_say_loss(keeper, "a socket for its notifications");
		return;
	}
	if (ledger_flag(section, "released") || *mine)
		notify->released = true;
	else
		*mine = notify;
}

void resume_close_notifies(struct resumed *resumed)
{
	for (int n = 0; n < resumed->notify_count; n++) {
		if (resumed->notifies[n])
			notify_close_unused(resumed->notifies[n]);
	}
}

/* Never 1: as a process that is init, and kill(-1) signals every process. */
static pid_t pid_of(struct ledger_section *section, const char *key)
{
	return (pid_t)ledger_number(section, key, 2, INT32_MAX, 0);
}

static void read_ends(struct instance *instance, struct ledger_section *section)
{
	instance->starting = ledger_flag(section, "starting");
	instance->stopping = ledger_flag(section, "stopping");
	instance->told = ledger_flag(section, "told");
	instance->killed = ledger_flag(section, "killed");
	instance->failed = ledger_flag(section, "failed");
	instance->clears = ledger_flag(section, "clears");
	instance->is_silent = ledger_flag(section, "silent");
	instance->stop_signal = (int)ledger_number(section, "stop_signal", 0, NSIG, 0);
	instance->result = (unsigned char)ledger_number(section, "result", 0, RESULTS - 1, 0);
	instance->retired = ledger_flag(section, "retired");
	instance->status = (int)ledger_number(section, "status", INT32_MIN, INT32_MAX, 0);
	instance->gone = ledger_real(section, "gone", 0.);
}

static void read_process(struct instance *instance, struct ledger_section *section)
{
	struct engine *engine = instance->engine;
	int main_fd = resume_fd(section, "main_fd");

	instance->child.pid = pid_of(section, "child");
	instance->pid = pid_of(section, "pid");
	instance->group = pid_of(section, "group");
	instance->former_group = pid_of(section, "former_group");
	instance->group_fd = resume_fd(section, "group_fd");
	instance->former_fd = resume_fd(section, "former_fd");
	if (instance->former_fd < 0)
		instance->former_group = 0;
	instance->since = ledger_real(section, "since", clock_now());
	if (instance->child.pid > 1 && !children_add(&engine->children, &instance->child))
		log_error(engine->log, "%s: the end of pid %ld will not be heard of: out of memory",
			  instance->service->name, (long)instance->child.pid);
	if (main_fd >= 0 && !main_watch_begin(&instance->main_watch, engine, &instance->child, main_fd))
		resume_say_loss(instance->context, "the watch of a main process");
	instance_see_end(instance);
	if (ledger_flag(section, "lingers"))
		instance_linger(instance);
	instance->entered = true;
	engine->instances++;
	resume_timer(engine->loop, &instance->timer, section, "timer");
	if (ev_is_active(&instance->timer))
		allowance_begin(&instance->allowance, (int64_t)(ledger_real(section, "timer", 0.) * 1e6));
}

static void read_source(struct keeper *keeper, struct instance *instance, struct ledger_section *section)
{
	if (!ledger_text(section, "source") ||
	    !ledger_bytes(section, "source", instance->source, sizeof(instance->source)))
		return;
	instance->counted = gate_enter(&keeper->engine->sources, keeper, instance->source, INT64_MAX);
	instance->gate = keeper;
}

static void read_busy(struct keeper *keeper, struct instance *instance, struct ledger_section *section)
{
	int fd = (int)ledger_number(section, "busy", -1, INT32_MAX, -1);

	for (unsigned n = 0; fd >= 0 && !instance->retired && n < keeper->listener_count; n++) {
		if (keeper->listeners[n].io.fd == fd)
			datagram_lend(instance, &keeper->listeners[n]);
	}
	instance->unread = ledger_flag(section, "unread");
	if (ledger_text(section, "head"))
		instance->knows_head = ledger_bytes(section, "head", &instance->head, sizeof(instance->head));
}

static void read_belongings(struct keeper *keeper, struct instance *instance, struct ledger_section *section)
{
	const char *group = ledger_text(section, "cgroup"), *peer = ledger_text(section, "peer");
	int channel = resume_fd(section, "channel"), client = resume_fd(section, "channel_client");

	read_source(keeper, instance, section);
	read_busy(keeper, instance, section);
	if (keeper->removed)
		fd_close(&channel);     /* the process takes that as the order to end after its connection */
	if (channel >= 0 && !channel_resume(keeper, instance, channel, client)) {
		fd_close(&channel);
		fd_close(&client);
		resume_say_loss(keeper, "a channel to one of superd's own programs");
	}
	if (ledger_text(section, "private_tmp"))
		ledger_bytes(section, "private_tmp", &instance->private_tmp, sizeof(instance->private_tmp));
	instance->peer = peer ? strdup(peer) : NULL;
	instance->cgroup.path = group ? strdup(group) : NULL;
	instance->cgroup.kept = ledger_flag(section, "cgroup_kept");
	instance->cgroup.killed = ledger_flag(section, "cgroup_killed");
	instance->cgroup.files = (uint32_t)ledger_number(section, "cgroup_files", 0, UINT32_MAX, 0);
}

static void take_place(struct resumed *resumed, struct instance *instance, struct ledger_section *section)
{
	struct keeper *keeper = resumed->keeper;
	bool current = ledger_flag(section, "current");

	if (ledger_flag(section, "guest")) {
		guest_own(keeper, instance);
		list_add(&keeper->activity->instances, &instance->link);
		if (resumed->changed)
			instance->retired = true;
		keeper->instance_count += !instance->retired;
	} else {
		run_own(keeper, instance);
		instance->retired |= !current || resumed->changed || keeper->activity->current;
		if (!instance->retired)
			keeper->activity->current = instance;
	}
}

void resume_instance(struct resumed *resumed, struct ledger_section *section)
{
	struct keeper *keeper = resumed->keeper;
	struct instance *instance = instance_new(keeper->engine, keeper->service);

	resumed->instance = instance;
	resumed->control = NULL;
	if (!instance) {
		resume_say_loss(keeper, "an instance");
		return;
	}
	read_ends(instance, section);
	take_place(resumed, instance, section);
	read_process(instance, section);
	read_belongings(keeper, instance, section);
}

static void read_texts(struct notice *notice, struct ledger_section *section)
{
	resume_text(notice->status, sizeof(notice->status), ledger_text(section, "status"));
	resume_text(notice->bus_error, sizeof(notice->bus_error), ledger_text(section, "bus_error"));
	resume_text(notice->varlink_error, sizeof(notice->varlink_error), ledger_text(section, "varlink_error"));
	notice->error = (int)ledger_number(section, "error", 0, INT32_MAX, 0);
}

void resume_notice(struct resumed *resumed, struct ledger_section *section)
{
	struct instance *instance = resumed->instance;
	int place = (int)ledger_number(section, "socket", 0, RESUME_SOCKETS - 1, -1);
	int gone = resume_fd(section, "gone"); /* as an older superd wrote it */
	struct notice *notice;
	struct ev_loop *loop;

	if (!instance || place < 0 || place >= resumed->notify_count || !resumed->notifies[place] ||
	    !hearing_join(resumed->notifies[place], instance) || !instance->notice) {
		fd_close(&gone);
		return;
	}
	notice = instance->notice;
	loop = instance->engine->loop;
	notice->access = (unsigned)ledger_number(section, "access", 0, INT32_MAX, notice->access);
	notice->stopping = ledger_flag(section, "stopping");
	notice->reloading = ledger_flag(section, "reloading");
	notice->reloads = (unsigned)ledger_number(section, "reloads", 0, UINT32_MAX, 0);
	notice->every = ledger_real(section, "every", -1.);
	notice->watched = ledger_flag(section, "watched");
	resume_timer(loop, &notice->patience, section, "patience");
	if (ev_is_active(&notice->patience))
		allowance_begin(&notice->allowance, (int64_t)(ledger_real(section, "patience", 0.) * 1e6));
	resume_timer(loop, &notice->watchdog, section, "watchdog");
	if (gone >= 0 && !instance->main_watch)
		main_watch_begin(&instance->main_watch, instance->engine, &instance->child, gone);
	else
		fd_close(&gone);
	read_texts(notice, section);
	if (instance->former_group)
		list_add(&instance->engine->moved, &notice->moved);
}

void resume_drain(struct resumed *resumed, struct ledger_section *section)
{
	if (resumed->instance)
		drain_resume(resumed->instance, section);
}

void resume_outdated(struct resumed *resumed, struct ledger_section *section)
{
	for (size_t n = 0; resumed->instance && n < section->count; n++) {
		struct ledger_entry *entry = &section->entries[n];
		char *name;
		uint64_t was;

		if (strcmp(entry->key, "option") != 0)
			continue;
		entry->used = true;
		was = strtoull(entry->value, &name, 16);
		if (*name == ' ')
			outdated_resume(&resumed->instance->outdated, name + 1, was);
	}
	if (resumed->instance)
		outdated_resume_sockets(&resumed->instance->outdated, ledger_text(section, "sockets"));
}
