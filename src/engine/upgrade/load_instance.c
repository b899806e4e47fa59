/* Resumes instances that another superd has started. If something is missing in the ledger, or has no place any
 * more, superd must still be able to see their end and to stop them. */
#include "engine/upgrade/load_instance.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/fd.h"
#include "engine/accept/builtin_channel.h"
#include "engine/accept/datagram.h"
#include "engine/accept/pending.h"
#include "engine/accept/pending_start.h"
#include "engine/core/close_socket.h"
#include "engine/drain/drain.h"
#include "engine/instance/aux_command.h"
#include "engine/instance/forking.h"
#include "engine/instance/forking_search.h"
#include "engine/instance/instance_event.h"
#include "engine/instance/instance_state.h"
#include "engine/instance/main_watch.h"
#include "engine/instance/notify_receive.h"
#include "engine/instance/notify_state.h"
#include "engine/instance/outdated.h"
#include "engine/service/service_reload.h"
#include "engine/service/shared_run.h"
#include "engine/service/shared_start.h"
#include "engine/service/socket_commands.h"
#include "engine/upgrade/load.h"

void load_say_loss(const struct service_runtime *runtime, const char *what)
{
	struct event event = { .name = "upgraded", .service = runtime->service->name, .reason = what };

	log_event(runtime->engine->log, LEVEL_ERROR, &event, "%s did not come through the upgrade", what);
}

void load_notify(struct state_loader_instance *resumed, struct state_section *section)
{
	struct service_runtime *runtime = resumed->runtime;
	const char *variable = state_text(section, "variable");
	struct notify **mine = &runtime->run->kit.notify, *notify = NULL;
	int fd = load_fd(section, "fd");

	if (resumed->notify_count == RESUME_SOCKETS) {
		fd_close(&fd);
		return;
	}
	if (fd >= 0 && variable)
		notify = notify_resume(runtime->engine, runtime->service->name, variable, fd);
	resumed->notifies[resumed->notify_count++] = notify;
	if (!notify) {
		fd_close(&fd);
		load_say_loss(runtime, "a socket for its notifications");
		return;
	}
	state_load(section, &notify_state, notify, runtime->engine->loop);
	notify->released |= *mine != NULL;
	if (!notify->released)
		*mine = notify;
}

void load_close_notifies(struct state_loader_instance *resumed)
{
	for (int n = 0; n < resumed->notify_count; n++) {
		if (resumed->notifies[n])
			notify_close_unused(resumed->notifies[n]);
	}
}

static void read_process(struct instance *instance, struct state_section *section)
{
	struct engine *engine = instance->engine;
	int main_fd = load_fd(section, "main_fd");

	if (instance->groups.former_fd < 0)
		instance->groups.former = 0;
	if (instance->child.pid > 1 && !child_table_add(&engine->children, &instance->child))
		log_error(engine->log, "%s: the end of pid %ld will not be heard of: out of memory",
			  instance->service->name, (long)instance->child.pid);
	if (main_fd >= 0 && !main_watch_begin(&instance->main_watch, engine, &instance->child, main_fd))
		load_say_loss(instance->context, "the watch of a main process");
	instance_see_end(instance);
	if (state_flag(section, "lingers"))
		instance_linger(instance);
	engine->instances->count++;
	if (ev_is_active(&instance->limit.timer))
		allowance_begin(&instance->limit.allowance, (int64_t)(state_real(section, "timer", 0.) * 1e6));
}

/* Gives it the datagram listener it has. */
static void read_busy(struct service_runtime *runtime, struct instance *instance, struct state_section *section)
{
	int fd = (int)state_number(section, "busy", -1, INT32_MAX, -1);

	for (unsigned n = 0; fd >= 0 && !instance->retired && n < runtime->listener_count; n++) {
		if (runtime->listeners[n].io.fd == fd)
			datagram_lend(instance, &runtime->listeners[n]);
	}
}

static void read_belongings(struct service_runtime *runtime, struct instance *instance, struct state_section *section)
{
	int channel = load_fd(section, "channel"), client = load_fd(section, "channel_client");

	if (instance->client.counted)
		instance->client.counted = source_count_enter(&runtime->engine->instances->by_source, runtime,
							      instance->client.source, INT64_MAX);
	read_busy(runtime, instance, section);
	if (runtime_is_removed(runtime))
		fd_close(&channel);     /* the process takes that as the order to end after its connection */
	if (channel >= 0 && !builtin_channel_resume(runtime, instance, channel, client)) {
		fd_close(&channel);
		fd_close(&client);
		load_say_loss(runtime, "a channel to one of superd's own programs");
	}
}

static void take_place(struct state_loader_instance *resumed, struct instance *instance, struct state_section *section)
{
	struct service_runtime *runtime = resumed->runtime;
	bool current = state_flag(section, "current");

	if (state_flag(section, "guest")) {
		pending_own(runtime, instance);
		list_add(&runtime->run->instances, &instance->link);
		if (resumed->changed)
			instance->retired = true;
		runtime->instance_count += !instance->retired;
	} else {
		shared_run_own(runtime, instance);
		instance->retired |= !current || resumed->changed || runtime_current(runtime);
		if (!instance->retired)
			runtime->run->current = instance;
	}
}

void load_instance(struct state_loader_instance *resumed, struct state_section *section)
{
	struct service_runtime *runtime = resumed->runtime;
	struct instance *instance = instance_new(runtime->engine, runtime->service);

	resumed->instance = instance;
	resumed->control = NULL;
	if (!instance) {
		load_say_loss(runtime, "an instance");
		return;
	}
	instance->since = clock_now();
	state_load(section, &instance_state, instance, runtime->engine->loop);
	take_place(resumed, instance, section);
	read_process(instance, section);
	read_belongings(runtime, instance, section);
}

void load_notice(struct state_loader_instance *resumed, struct state_section *section)
{
	struct instance *instance = resumed->instance;
	int place = (int)state_number(section, "socket", 0, RESUME_SOCKETS - 1, -1);
	int gone = load_fd(section, "gone"); /* as an older superd wrote it */
	struct notify_state *notice;

	if (!instance || place < 0 || place >= resumed->notify_count || !resumed->notifies[place] ||
	    !notify_receive_join(resumed->notifies[place], instance) || !instance->notice) {
		fd_close(&gone);
		return;
	}
	notice = instance->notice;
	state_load(section, &notice_state, notice, instance->engine->loop);
	if (ev_is_active(&notice->limit))
		allowance_begin(&notice->allowance, (int64_t)(state_real(section, "patience", 0.) * 1e6));
	if (gone >= 0 && !instance->main_watch)
		main_watch_begin(&instance->main_watch, instance->engine, &instance->child, gone);
	else
		fd_close(&gone);
	if (instance->groups.former)
		list_add(&instance->engine->instances->moved, &notice->moved);
}

void load_drain(struct state_loader_instance *resumed, struct state_section *section)
{
	if (resumed->instance)
		drain_load(resumed->instance, section);
}

void load_outdated(struct state_loader_instance *resumed, struct state_section *section)
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
			outdated_load(&resumed->instance->outdated, name + 1, was);
	}
	if (resumed->instance)
		outdated_load_sockets(&resumed->instance->outdated, state_text(section, "sockets"));
}

/* A command whose end this superd cannot see would be waited for for ever, so it counts as failed. One of an unknown
 * phase, or without memory for it, is left to itself. */
void load_control(struct state_loader_instance *resumed, struct state_section *section)
{
	struct aux_command *control = resumed->control;
	struct engine *engine = resumed->runtime->engine;

	if (!control || aux_command_is_busy(control))
		return;
	control->next = 1;
	control->fault = (struct fault){ .stage = STAGE_NONE };
	state_load(section, &command_state, control, engine->loop);
	if (control->child.pid && !child_table_add(&engine->children, &control->child))
		control->child.pid = 0;
	if (!control->child.pid) {
		ev_timer_stop(engine->loop, &control->timer);
		return;
	}
	list_add(&engine->instances->aux_commands, &control->link);
	control->pid = control->child.pid;
}

static struct listener *find_listener(struct service_runtime *runtime, int fd, const char *name)
{
	for (unsigned n = 0; n < runtime->listener_count; n++) {
		struct listener *one = &runtime->listeners[n];

		if (fd >= 0 ? one->io.fd == fd : name && one->io.fd < 0 && !strcmp(one->listen->name, name))
			return one;
	}
	return NULL;
}

void load_course(struct state_loader_instance *resumed, struct state_section *section)
{
	struct instance *instance = resumed->instance;
	struct exec_sequence *sequence = NULL;
	int of = (int)state_number(section, "of", -1, INT_MAX, -1);
	struct pending_client guest = { .listener = find_listener(resumed->runtime, of, state_text(section, "at")) };

	state_load(section, &pending_state, &guest, NULL);
	if (instance && shared_run_owns(instance))
		sequence = shared_start_resume(resumed->runtime, instance);
	else if (instance)
		sequence = pending_load_sequence(resumed->runtime, instance, &guest, state_flag(section, "has_run"));
	resumed->control = sequence ? &sequence->command : NULL;
	if (sequence) {
		state_load(section, &sequence_state, sequence, NULL);
		if (*sequence->invocation)
			sequence->command.invocation = sequence->invocation;
		return;
	}
	close_socket_client(resumed->runtime->engine, resumed->runtime->service->name, &guest.client);
	load_say_loss(resumed->runtime, "what comes behind an instance's end");
}

void load_opening(struct state_loader_instance *resumed, struct state_section *section)
{
	resumed->control = socket_commands_resume(resumed->runtime, section);
}

void load_refresh(struct state_loader_instance *resumed, struct state_section *section)
{
	resumed->control = service_reload_resume(resumed->runtime, section);
}

void load_search(struct state_loader_instance *resumed, struct state_section *section)
{
	struct instance *instance = resumed->instance;
	struct forking_search *search =
		instance && !instance->fork_match ? forking_load(instance, resumed->runtime->table) : NULL;

	if (search)
		state_load(section, &search_state, search, instance->engine->loop);
	else
		load_say_loss(resumed->runtime, "the search for its daemon");
}
