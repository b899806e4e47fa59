/* Resumes instances that another superd has started. If something is missing in the ledger, or has no place any
 * more, superd must still be able to see their end and to stop them. */
#include "engine/upgrade/resume_instance.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/fd.h"
#include "engine/accept/channel.h"
#include "engine/accept/datagram.h"
#include "engine/accept/guest.h"
#include "engine/accept/guest_course.h"
#include "engine/core/closing.h"
#include "engine/drain/drain.h"
#include "engine/instance/control.h"
#include "engine/instance/course.h"
#include "engine/instance/daemon.h"
#include "engine/instance/hearing.h"
#include "engine/instance/instance_state.h"
#include "engine/instance/main_watch.h"
#include "engine/instance/notice.h"
#include "engine/instance/outdated.h"
#include "engine/instance/search.h"
#include "engine/service/opening.h"
#include "engine/service/refresh.h"
#include "engine/service/run.h"
#include "engine/service/run_start.h"
#include "engine/upgrade/resume.h"

void resume_say_loss(const struct keeper *keeper, const char *what)
{
	struct event event = { .name = "upgraded", .service = keeper->service->name, .reason = what };

	log_event(keeper->engine->log, LEVEL_ERROR, &event, "%s did not come through the upgrade", what);
}

void resume_notify(struct resumed *resumed, struct state_section *section)
{
	struct keeper *keeper = resumed->keeper;
	const char *variable = state_text(section, "variable");
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
	state_load(section, &notify_state, notify, keeper->engine->loop);
	notify->released |= *mine != NULL;
	if (!notify->released)
		*mine = notify;
}

void resume_close_notifies(struct resumed *resumed)
{
	for (int n = 0; n < resumed->notify_count; n++) {
		if (resumed->notifies[n])
			notify_close_unused(resumed->notifies[n]);
	}
}

static void read_process(struct instance *instance, struct state_section *section)
{
	struct engine *engine = instance->engine;
	int main_fd = resume_fd(section, "main_fd");

	if (instance->former_fd < 0)
		instance->former_group = 0;
	if (instance->child.pid > 1 && !children_add(&engine->children, &instance->child))
		log_error(engine->log, "%s: the end of pid %ld will not be heard of: out of memory",
			  instance->service->name, (long)instance->child.pid);
	if (main_fd >= 0 && !main_watch_begin(&instance->main_watch, engine, &instance->child, main_fd))
		resume_say_loss(instance->context, "the watch of a main process");
	instance_see_end(instance);
	if (state_flag(section, "lingers"))
		instance_linger(instance);
	instance->entered = true;
	engine->instances++;
	if (ev_is_active(&instance->timer))
		allowance_begin(&instance->allowance, (int64_t)(state_real(section, "timer", 0.) * 1e6));
}

/* Gives it the datagram listener it has. */
static void read_busy(struct keeper *keeper, struct instance *instance, struct state_section *section)
{
	int fd = (int)state_number(section, "busy", -1, INT32_MAX, -1);

	for (unsigned n = 0; fd >= 0 && !instance->retired && n < keeper->listener_count; n++) {
		if (keeper->listeners[n].io.fd == fd)
			datagram_lend(instance, &keeper->listeners[n]);
	}
}

static void read_belongings(struct keeper *keeper, struct instance *instance, struct state_section *section)
{
	int channel = resume_fd(section, "channel"), client = resume_fd(section, "channel_client");

	if (instance->counted) {
		instance->counted = gate_enter(&keeper->engine->sources, keeper, instance->source, INT64_MAX);
		instance->gate = keeper;
	}
	read_busy(keeper, instance, section);
	if (keeper->removed)
		fd_close(&channel);     /* the process takes that as the order to end after its connection */
	if (channel >= 0 && !channel_resume(keeper, instance, channel, client)) {
		fd_close(&channel);
		fd_close(&client);
		resume_say_loss(keeper, "a channel to one of superd's own programs");
	}
}

static void take_place(struct resumed *resumed, struct instance *instance, struct state_section *section)
{
	struct keeper *keeper = resumed->keeper;
	bool current = state_flag(section, "current");

	if (state_flag(section, "guest")) {
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

void resume_instance(struct resumed *resumed, struct state_section *section)
{
	struct keeper *keeper = resumed->keeper;
	struct instance *instance = instance_new(keeper->engine, keeper->service);

	resumed->instance = instance;
	resumed->control = NULL;
	if (!instance) {
		resume_say_loss(keeper, "an instance");
		return;
	}
	instance->since = clock_now();
	state_load(section, &instance_state, instance, keeper->engine->loop);
	take_place(resumed, instance, section);
	read_process(instance, section);
	read_belongings(keeper, instance, section);
}

void resume_notice(struct resumed *resumed, struct state_section *section)
{
	struct instance *instance = resumed->instance;
	int place = (int)state_number(section, "socket", 0, RESUME_SOCKETS - 1, -1);
	int gone = resume_fd(section, "gone"); /* as an older superd wrote it */
	struct notice *notice;

	if (!instance || place < 0 || place >= resumed->notify_count || !resumed->notifies[place] ||
	    !hearing_join(resumed->notifies[place], instance) || !instance->notice) {
		fd_close(&gone);
		return;
	}
	notice = instance->notice;
	state_load(section, &notice_state, notice, instance->engine->loop);
	if (ev_is_active(&notice->patience))
		allowance_begin(&notice->allowance, (int64_t)(state_real(section, "patience", 0.) * 1e6));
	if (gone >= 0 && !instance->main_watch)
		main_watch_begin(&instance->main_watch, instance->engine, &instance->child, gone);
	else
		fd_close(&gone);
	if (instance->former_group)
		list_add(&instance->engine->moved, &notice->moved);
}

void resume_drain(struct resumed *resumed, struct state_section *section)
{
	if (resumed->instance)
		drain_resume(resumed->instance, section);
}

void resume_outdated(struct resumed *resumed, struct state_section *section)
{
	for (size_t n = 0; resumed->instance && n < section->count; n++) {
		struct state_entry *entry = &section->entries[n];
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
		outdated_resume_sockets(&resumed->instance->outdated, state_text(section, "sockets"));
}

/* A command whose end this superd cannot see would be waited for for ever, so it counts as failed. One of an unknown
 * phase, or without memory for it, is left to itself. */
void resume_control(struct resumed *resumed, struct state_section *section)
{
	struct control *control = resumed->control;
	struct engine *engine = resumed->keeper->engine;

	if (!control || control_is_busy(control))
		return;
	control->next = 1;
	control->fault = (struct fault){ .stage = STAGE_NONE };
	state_load(section, &control_state, control, engine->loop);
	if (control->child.pid && !children_add(&engine->children, &control->child))
		control->child.pid = 0;
	if (!control->child.pid) {
		ev_timer_stop(engine->loop, &control->timer);
		return;
	}
	list_add(&engine->controls, &control->link);
	if (control->instance)
		control->instance->control = control->child.pid;
}

static struct listener *find_listener(struct keeper *keeper, int fd, const char *name)
{
	for (unsigned n = 0; n < keeper->listener_count; n++) {
		struct listener *one = &keeper->listeners[n];

		if (fd >= 0 ? one->io.fd == fd : name && one->io.fd < 0 && !strcmp(one->listen->name, name))
			return one;
	}
	return NULL;
}

void resume_course(struct resumed *resumed, struct state_section *section)
{
	struct instance *instance = resumed->instance;
	struct course *course = NULL;
	int of = (int)state_number(section, "of", -1, INT_MAX, -1);
	struct guest guest = { .listener = find_listener(resumed->keeper, of, state_text(section, "at")) };

	state_load(section, &guest_state, &guest, NULL);
	if (instance && run_owns(instance))
		course = run_resume_course(resumed->keeper, instance);
	else if (instance)
		course = guest_resume_course(resumed->keeper, instance, &guest, state_flag(section, "has_run"));
	resumed->control = course ? &course->control : NULL;
	if (course) {
		course->step = COURSE_READY;
		state_load(section, &course_state, course, NULL);
		if (*course->invocation)
			course->control.invocation = course->invocation;
		return;
	}
	closing_client(resumed->keeper->engine, resumed->keeper->service->name, &guest.client);
	resume_say_loss(resumed->keeper, "what comes behind an instance's end");
}

void resume_opening(struct resumed *resumed, struct state_section *section)
{
	resumed->control = opening_resume(resumed->keeper, section);
}

void resume_refresh(struct resumed *resumed, struct state_section *section)
{
	resumed->control = refresh_resume(resumed->keeper, section);
}

void resume_search(struct resumed *resumed, struct state_section *section)
{
	struct instance *instance = resumed->instance;
	struct search *search = instance && !instance->kin ? daemon_resume(instance, resumed->keeper->table) : NULL;

	if (search)
		state_load(section, &search_state, search, instance->engine->loop);
	else
		resume_say_loss(resumed->keeper, "the search for its daemon");
}
