/* Writes the instances of a service: their processes, and the sockets of their notifications.
 *
 * These are the present notify socket of the service, and older ones, which instances from before a reload still
 * use. Each instance names its socket by an index. The plan of an instance is not written, because only a start
 * needs it. */
#include "superd/reload/save.h"

#include <stdlib.h>
#include <string.h>

#include "superd/accept/builtin_channel.h"
#include "superd/accept/pending_start.h"
#include "superd/instance/bind_calls.h"
#include "superd/instance/exec_sequence.h"
#include "superd/instance/forking.h"
#include "superd/instance/forking_search.h"
#include "superd/instance/instance_state.h"
#include "superd/instance/main_watch.h"
#include "superd/instance/notify_state.h"
#include "superd/instance/outdated.h"
#include "superd/instance/relay.h"
#include "superd/instance/shared_process.h"
#include "superd/launch/notify.h"
#include "superd/service/runtime_event.h"
#include "superd/service/shared_run.h"
#include "superd/stop/stop.h"

#define SOCKETS_MOST 64                 /* notify sockets: a reload adds at most one, and each has an instance */

struct notify_list {
	struct notify *list[SOCKETS_MOST];
	int count;
};

/* Returns the index of a notify socket, and adds it if it is new; -1: the list is full. */
static int notify_index(struct notify_list *sockets, struct notify *notify)
{
	int n = 0;

	while (n < sockets->count && sockets->list[n] != notify)
		n++;
	if (n == SOCKETS_MOST)
		return -1;
	if (n == sockets->count)
		sockets->list[sockets->count++] = notify;
	return n;
}

static void save_notifies(struct state_saver *saver, struct service_runtime *runtime, struct notify_list *sockets)
{
	if (runtime->run->kit.notify)
		notify_index(sockets, runtime->run->kit.notify);
	LIST_EACH(link, &runtime->run->instances) {
		const struct instance *instance = container_of(link, struct instance, link);

		if (instance->notice)
			notify_index(sockets, instance->notice->notify);
	}
	for (int n = 0; n < sockets->count; n++)
		state_save(saver, &notify_state, sockets->list[n]);
}

static void save_notify_state(struct state_saver *saver, struct notify_state *notice, int index)
{
	state_save(saver, &notice_state, notice);
	state_add_number(&saver->text, "socket", index);
}

/* Writes the differences of the instance's old entry, which is in no table any more. */
static void save_outdated(struct state_saver *saver, const struct outdated *outdated)
{
	state_open_section(&saver->text, "outdated");
	for (size_t n = 0; n < outdated->count; n++)
		buf_addf(&saver->text, "option=%llx %s\n", (unsigned long long)outdated->options[n].was,
			 outdated->options[n].name);
	save_text(saver, "sockets", buf_string(&outdated->sockets));
}

/* The process of a client that it serves beside others. */
static void save_shared(struct state_saver *saver, const struct instance *instance)
{
	const struct shared_process *process = instance->process;

	for (size_t n = 0; process && n < process->count; n++) {
		if (process->clients[n].instance != instance)
			continue;
		save_number(saver, "process", process->child.pid);
		save_number(saver, "process_born", process->child.born);
		save_number(saver, "client_socket", (int64_t)process->clients[n].socket);
	}
}

static void save_instance(struct state_saver *saver, struct service_runtime *runtime, struct instance *instance)
{
	bool runs_on = runtime_is_removed(runtime) && runtime_runs_on(runtime);
	int client, channel = builtin_channel_descriptor(instance, &client);

	state_save(saver, &instance_state, instance);
	save_number(saver, "guest", !shared_run_owns(instance));
	save_number(saver, "current", runtime_current(runtime) == instance && !runs_on);
	if (runs_on && !instance->retired)
		save_number(saver, "retired", 1);
	save_fd(saver, "main_fd", main_watch_fd(instance->main_watch));
	save_number(saver, "lingers", !list_empty(&instance->linger));
	if (instance->client.busy)
		state_add_number(&saver->text, "busy", instance->client.busy->fd);
	if (instance->pid > 0) {        /* else they are those of its note */
		save_fd(saver, "channel", channel);
		save_fd(saver, "channel_client", client);
		save_shared(saver, instance);
	}
	if (!instance->relay)
		return;
	save_number(saver, "relay", instance->relay->child.pid);
	save_number(saver, "relay_born", instance->relay->child.born);
	save_fd(saver, "relay_fd", instance->relay->channel.fd);
	save_number(saver, "relay_up", instance->relay->was_up);
	save_number(saver, "relay_served", (int64_t)instance->relay->relayed.connections);
	save_number(saver, "relay_received", (int64_t)instance->relay->relayed.received);
	save_number(saver, "relay_sent", (int64_t)instance->relay->relayed.sent);
}

/* Writes what its program has bound. A use belongs to the listener with the descriptor `of`. */
static void save_bind_calls(struct state_saver *saver, const struct service_runtime *runtime, struct bind_calls *calls)
{
	state_save(saver, &bind_calls_state, calls);
	for (size_t n = 0; n < calls->count && n < runtime->listener_count; n++) {
		if (!calls->uses[n].given)
			continue;
		state_save(saver, &bind_use_state, &calls->uses[n]);
		state_add_number(&saver->text, "of", runtime->listeners[n].fd);
	}
}

/* Writes the client of an exec sequence. Before the program runs, the client still belongs to the sequence and its
 * listener. */
static void save_pending(struct state_saver *saver, const struct pending_client *pending, bool has_run)
{
	struct pending_client gone = { .client = pending->client, .progress = ADMISSION_PASSED };

	if (!has_run) {
		state_save(saver, &pending_state, pending);
		if (pending->listener) {
			state_add_number(&saver->text, "of", pending->listener->fd);
			save_text(saver, "at", pending->listener->listen->name);
		}
		return;
	}
	gone.client.fd = -1;
	memcpy(gone.name, pending->name, sizeof(gone.name));
	state_save(saver, &pending_state, &gone);
}

/* Writes an exec sequence. A command that runs goes on as a child of the next superd, with the rest of its time and
 * the commands after it. If the program is still being started, the upgrade waits (superd/reload/upgrade_quiesce),
 * because only this superd gets the report of the start. */
static void save_sequence(struct state_saver *saver, struct exec_sequence *sequence)
{
	const struct pending_client *pending = pending_of_sequence(sequence);

	state_save(saver, &sequence_state, sequence);
	if (pending)
		save_pending(saver, pending, sequence->has_run);
	if (aux_command_is_busy(&sequence->command))
		state_save(saver, &command_state, &sequence->command);
}

void save_instances(struct state_saver *saver, struct service_runtime *runtime)
{
	struct notify_list sockets = { .count = 0 };

	save_notifies(saver, runtime, &sockets);
	LIST_EACH(link, &runtime->run->instances) {
		struct instance *instance = container_of(link, struct instance, link);
		struct notify_state *notice = instance->notice;

		save_instance(saver, runtime, instance);
		if (instance->outdated)
			save_outdated(saver, instance->outdated);
		if (instance->bind_calls)
			save_bind_calls(saver, runtime, instance->bind_calls);
		if (notice && notify_index(&sockets, notice->notify) >= 0)
			save_notify_state(saver, notice, notify_index(&sockets, notice->notify));
		if (instance->sequence)
			save_sequence(saver, instance->sequence);
		if (instance->search)
			state_save(saver, &search_state, instance->search);
		stop_save(saver, instance);
	}
}
