/* Loads instances that the superd before has started. Even if values are missing, or have no place any more, superd
 * must be able to notice their end and to stop them. */
#include "superd/reload/load_instance.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "lib/clock.h"
#include "lib/fd.h"
#include "os/guard/guard_link.h"
#include "os/proc/process_mark.h"
#include "superd/accept/builtin_channel.h"
#include "superd/accept/datagram.h"
#include "superd/accept/pending.h"
#include "superd/accept/pending_start.h"
#include "superd/accept/shared_clients.h"
#include "superd/instance/aux_command.h"
#include "superd/instance/bind_calls.h"
#include "superd/instance/exec_sequence.h"
#include "superd/instance/forking.h"
#include "superd/instance/forking_search.h"
#include "superd/instance/instance_state.h"
#include "superd/instance/main_watch.h"
#include "superd/instance/notify_receive.h"
#include "superd/instance/notify_state.h"
#include "superd/instance/outdated.h"
#include "superd/instance/relay_start.h"
#include "superd/loop/close_socket.h"
#include "superd/reload/load.h"
#include "superd/service/service_reload.h"
#include "superd/service/shared_run.h"
#include "superd/service/shared_start.h"
#include "superd/service/socket_commands.h"
#include "superd/stop/stop.h"

static void load_log_loss(const struct service_runtime *runtime, const char *what)
{
	struct event event = { .name = "upgraded", .service = runtime->service->name, .reason = what };

	log_event(runtime->engine->log, LEVEL_ERROR, &event, "%s was lost in the upgrade", what);
}

void load_notify(struct service_loader *progress, struct state_section *section)
{
	struct service_runtime *runtime = progress->runtime;
	const char *variable = state_text(section, "variable");
	struct notify **mine = &runtime->run->kit.notify, *notify = NULL;
	int fd = load_fd(section, "fd");

	if (progress->notify_count == NOTIFY_SOCKETS_MOST) {
		fd_close(&fd);
		return;
	}
	if (fd >= 0 && variable)
		notify = notify_resume(runtime->engine, runtime->service->name, variable, fd);
	progress->notifies[progress->notify_count++] = notify;
	if (!notify) {
		fd_close(&fd);
		load_log_loss(runtime, "a socket for its notifications");
		return;
	}
	state_load(section, &notify_state, notify, runtime->engine->loop);
	notify->released |= *mine != NULL;
	if (!notify->released)
		*mine = notify;
}

void load_close_notifies(struct service_loader *progress)
{
	for (int n = 0; n < progress->notify_count; n++) {
		if (progress->notifies[n])
			notify_close_unused(progress->notifies[n]);
	}
}

static void read_process(struct instance *instance, struct state_section *section)
{
	struct engine *engine = instance->engine;
	int main_fd = load_fd(section, "main_fd");

	if (instance->groups.former_fd < 0)
		instance->groups.former = 0;
	if (instance->child.pid > 1)
		child_table_resume(&engine->children, &instance->child);
	if (main_fd >= 0 && !main_watch_begin(&instance->main_watch, engine, &instance->child, main_fd))
		load_log_loss(instance->context, "the watch of a main process");
	instance_see_end(instance);
	if (state_flag(section, "lingers"))
		instance_linger(instance);
	engine->instances->count++;
	if (ev_is_active(&instance->limit.timer))
		allowance_begin(&instance->limit.allowance,
				(int64_t)(ev_timer_remaining(engine->loop, &instance->limit.timer) * 1e6));
}

/* Lends the instance its datagram listener again. */
static void read_busy_listener(struct service_runtime *runtime, struct instance *instance,
			       struct state_section *section)
{
	int fd = (int)state_number(section, "busy", -1, INT32_MAX, -1);

	for (unsigned n = 0; fd >= 0 && !instance->retired && n < runtime->listener_count; n++) {
		if (runtime->listeners[n].fd == fd)
			datagram_lend(instance, &runtime->listeners[n]);
	}
}

/* An instance that is being stopped has no relay any more. The relay of a removed service goes on without superd. */
static void read_relay(struct instance *instance, struct state_section *section)
{
	const struct child child = {
		.pid = (pid_t)state_number(section, "relay", 2, INT32_MAX, 0),
		.born = state_number(section, "relay_born", 0, STATE_NUMBER_MOST, STATE_NUMBER_MOST),
	};
	int fd = load_fd(section, "relay_fd");
	bool was_up = state_flag(section, "relay_up");
	const struct relayed relayed = {
		.connections = (uint64_t)state_number(section, "relay_served", 0, INT64_MAX, 0),
		.received = (uint64_t)state_number(section, "relay_received", 0, INT64_MAX, 0),
		.sent = (uint64_t)state_number(section, "relay_sent", 0, INT64_MAX, 0),
	};

	if (instance->facts.stopped || !service_is_relayed(instance->service)) {
		fd_close(&fd);
		return;
	}
	if (!relay_resume(instance, &child, fd, was_up, &relayed)) {
		fd_close(&fd);
		load_log_loss(instance->context, "the relay of an instance");
	}
}

/* The process of a client that it serves beside others; process: the key of its pid. false: there is none. */
static bool read_shared(struct service_runtime *runtime, struct instance *instance, struct state_section *section,
			const char *process)
{
	const struct child child = {
		.pid = (pid_t)state_number(section, process, 2, INT32_MAX, 0),
		.born = state_number(section, "process_born", 0, STATE_NUMBER_MOST, STATE_NUMBER_MOST),
	};
	uint64_t socket = (uint64_t)state_number(section, "client_socket", 0, STATE_NUMBER_MOST, 0);

	if (!child.pid || !socket)
		return false;
	if (!shared_clients_load(instance, &child, socket, load_fd(section, "channel")))
		load_log_loss(runtime, "a client of one of superd's own programs");
	return true;
}

static void read_channel(struct service_runtime *runtime, struct instance *instance, struct state_section *section)
{
	int channel = load_fd(section, "channel"), client = load_fd(section, "channel_client");

	if (client >= 0 && guard_is_promised(client))
		client = -1;            /* the other service has it */
	if (runtime_is_removed(runtime))
		fd_close(&channel);     /* the process ends after its connection when the channel closes */
	if (channel >= 0 && !builtin_channel_resume(runtime, instance, channel, client)) {
		fd_close(&channel);
		fd_close(&client);
		load_log_loss(runtime, "a channel to one of superd's own programs");
	}
}

static void read_client(struct service_runtime *runtime, struct instance *instance, struct state_section *section)
{
	if (instance->client.counted)
		instance->client.counted = source_count_enter(&runtime->engine->instances->by_source, runtime,
							      instance->client.source, INT64_MAX);
	read_busy_listener(runtime, instance, section);
	if (!read_shared(runtime, instance, section, "process"))
		read_channel(runtime, instance, section);
}

static void add_to_service(struct service_loader *progress, struct instance *instance, struct state_section *section)
{
	struct service_runtime *runtime = progress->runtime;
	bool current = state_flag(section, "current");

	if (state_flag(section, "guest")) {
		pending_own(runtime, instance);
		list_add(&runtime->run->instances, &instance->link);
		if (progress->changed)
			instance->retired = true;
		runtime->instance_count += !instance->retired;
	} else {
		shared_run_own(runtime, instance);
		instance->retired |= !current || progress->changed || runtime_current(runtime);
		if (!instance->retired)
			runtime->run->current = instance;
	}
}

void load_instance(struct service_loader *progress, struct state_section *section)
{
	struct service_runtime *runtime = progress->runtime;
	struct instance *instance = instance_new(runtime->engine, runtime->service);

	progress->instance = instance;
	progress->command = NULL;
	if (!instance) {
		load_log_loss(runtime, "an instance");
		return;
	}
	instance->since = clock_now();
	state_load(section, &instance_state, instance, runtime->engine->loop);
	add_to_service(progress, instance, section);
	read_process(instance, section);
	read_client(runtime, instance, section);
	read_relay(instance, section);
}

static bool has_not_started(const struct instance *instance)
{
	return instance->sequence && instance->pid <= 0 && instance->state <= INSTANCE_LAUNCHED;
}

static pid_t given_to(const struct pending_client *pending)
{
	return guard_given_to(pending->client.fd, pending->listener && listener_is_virtual(pending->listener));
}

/* The instance that this is the main process of: its record is older than the start. NULL: no record has it. */
static struct instance *find_unstarted(struct service_runtime *runtime, pid_t pid)
{
	struct instance *current = runtime_current(runtime);

	if (current && has_not_started(current))
		return current;
	LIST_EACH(link, runtime_instances(runtime)) {
		struct instance *instance = container_of(link, struct instance, link);
		const struct pending_client *pending;

		if (!has_not_started(instance))
			continue;
		pending = pending_of_sequence(instance->sequence);
		if (pending && pending->client.fd >= 0 && given_to(pending) == pid)
			return instance;
	}
	return NULL;
}

/* Of a process that superd started in its last moment only the pid is known: it begins as after its start. */
void load_noted(struct service_loader *progress, struct state_section *section)
{
	struct service_runtime *runtime = progress->runtime;
	pid_t pid = (pid_t)state_number(section, "pid", 2, INT32_MAX, 0);
	struct instance *instance = pid ? find_unstarted(runtime, pid) : NULL;
	bool shares = state_text(section, "client_socket") && plan_shares_process(runtime->service);

	if (instance) {
		if (!shares || !read_shared(runtime, instance, section, "pid"))
			read_channel(runtime, instance, section);
		exec_sequence_adopt(instance->sequence, pid);
		return;
	}
	instance = pid ? instance_new(runtime->engine, runtime->service) : NULL;
	if (!instance) {
		load_log_loss(runtime, "an instance");
		return;
	}
	if (runtime->service->exec->accept) {
		pending_own(runtime, instance);
		list_add(&runtime->run->instances, &instance->link);
		runtime->instance_count++;
	} else {
		shared_run_own(runtime, instance);
		instance->retired = runtime_current(runtime);
		if (!instance->retired)
			runtime->run->current = instance;
	}
	progress->noted = true;
	if (!shares || !read_shared(runtime, instance, section, "pid"))
		read_channel(runtime, instance, section);
	if (runtime->run->kit.notify)
		notify_receive_join(runtime->run->kit.notify, instance);
	instance->mark = process_mark(pid);
	if (runtime->service->exec->type == TYPE_FORKING && !forking_load(instance, runtime->table))
		load_log_loss(runtime, "the search for its daemon");
	instance_begin(instance, pid, clock_now());
}

void load_bind_calls(struct service_loader *progress, struct state_section *section)
{
	struct instance *instance = progress->instance;
	int notif;

	if (!instance || instance->bind_calls || !bind_calls_make(instance, progress->runtime)) {
		notif = load_fd(section, "notif");
		fd_close(&notif);
		load_log_loss(progress->runtime, "the sockets that a program binds");
		return;
	}
	state_load(section, &bind_calls_state, instance->bind_calls, NULL);
	bind_calls_resume(instance);
}

void load_bind_use(struct service_loader *progress, struct state_section *section)
{
	const struct service_runtime *runtime = progress->runtime;
	int fd = (int)state_number(section, "of", -1, INT32_MAX, -1);
	struct bind_calls *calls = progress->instance ? progress->instance->bind_calls : NULL;

	for (size_t n = 0; calls && fd >= 0 && n < calls->count; n++) {
		if (runtime->listeners[n].fd == fd)
			state_load(section, &bind_use_state, &calls->uses[n], NULL);
	}
}

void load_notify_state(struct service_loader *progress, struct state_section *section)
{
	struct instance *instance = progress->instance;
	int index = (int)state_number(section, "socket", 0, NOTIFY_SOCKETS_MOST - 1, -1);
	struct notify_state *state;

	if (!instance || index < 0 || index >= progress->notify_count || !progress->notifies[index] ||
	    !notify_receive_join(progress->notifies[index], instance) || !instance->notice)
		return;
	state = instance->notice;
	state_load(section, &notice_state, state, instance->engine->loop);
	if (ev_is_active(&state->limit))
		allowance_begin(&state->allowance,
				(int64_t)(ev_timer_remaining(instance->engine->loop, &state->limit) * 1e6));
	if (instance->groups.former)
		list_add(&instance->engine->instances->moved, &state->moved);
}

void load_drain(struct service_loader *progress, struct state_section *section)
{
	if (progress->instance)
		stop_load(progress->instance, section);
}

void load_outdated(struct service_loader *progress, struct state_section *section)
{
	for (size_t n = 0; progress->instance && n < section->count; n++) {
		struct state_entry *entry = &section->entries[n];
		char *name;
		uint64_t was;

		if (strcmp(entry->key, "option") != 0)
			continue;
		entry->used = true;
		was = strtoull(entry->value, &name, 16);
		if (*name == ' ')
			outdated_load(&progress->instance->outdated, name + 1, was);
	}
	if (progress->instance)
		outdated_load_sockets(&progress->instance->outdated, state_text(section, "sockets"));
}

/* Loads a command that runs. superd would wait for ever for a command whose end it cannot see, so that counts as
 * failed. superd abandons a command of an unknown phase, or if memory is short. */
void load_aux_command(struct service_loader *progress, struct state_section *section)
{
	struct aux_command *command = progress->command;
	struct engine *engine = progress->runtime->engine;

	if (!command || aux_command_is_busy(command))
		return;
	command->next = 1;
	command->fault = (struct fault){ .stage = STAGE_NONE };
	state_load(section, &command_state, command, engine->loop);
	if (!command->child.pid) {
		ev_timer_stop(engine->loop, &command->timer);
		return;
	}
	child_table_resume(&engine->children, &command->child);
	list_add(&engine->instances->aux_commands, &command->link);
	command->pid = command->child.pid;
}

static struct listener *listener_of_client(struct service_runtime *runtime, int fd, const char *name)
{
	for (unsigned n = 0; n < runtime->listener_count; n++) {
		struct listener *one = &runtime->listeners[n];

		if (fd >= 0 ? one->fd == fd : name && one->fd < 0 && !strcmp(one->listen->name, name))
			return one;
	}
	return NULL;
}

void load_sequence(struct service_loader *progress, struct state_section *section)
{
	struct instance *instance = progress->instance;
	struct exec_sequence *sequence = NULL;
	int of = (int)state_number(section, "of", -1, INT_MAX, -1);
	struct pending_client pending = {
		.listener = listener_of_client(progress->runtime, of, state_text(section, "at")),
	};

	state_load(section, &pending_state, &pending, NULL);
	if (instance && shared_run_owns(instance))
		sequence = shared_start_resume(progress->runtime, instance);
	else if (instance)
		sequence = pending_load_sequence(progress->runtime, instance, &pending, state_flag(section, "has_run"));
	progress->command = sequence ? &sequence->command : NULL;
	if (sequence) {
		state_load(section, &sequence_state, sequence, NULL);
		sequence->command.checks = false;       /* the conditions were tested before its first command */
		if (*sequence->invocation)
			sequence->command.invocation = sequence->invocation;
		return;
	}
	close_socket_client(progress->runtime->engine, progress->runtime->service->name, &pending.client);
	load_log_loss(progress->runtime, "the part after an instance's end");
}

void load_socket_commands(struct service_loader *progress, struct state_section *section)
{
	progress->command = socket_commands_load(progress->runtime, section);
}

void load_service_reload(struct service_loader *progress, struct state_section *section)
{
	progress->command = service_reload_load(progress->runtime, section);
}

void load_forking_search(struct service_loader *progress, struct state_section *section)
{
	struct instance *instance = progress->instance;
	struct forking_search *search =
		instance && !instance->search ? forking_load(instance, progress->runtime->table) : NULL;

	if (search)
		state_load(section, &search_state, search, instance->engine->loop);
	else
		load_log_loss(progress->runtime, "the search for its daemon");
}
