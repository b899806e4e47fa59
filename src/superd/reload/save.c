/* Writes the state of superd. The next superd loses whatever is missing here, so what goes over of a struct is in a
 * table (superd/saved/state_field). */
#include "superd/reload/save.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/build_id.h"
#include "lib/clock.h"
#include "lib/scan.h"
#include "os/netdiag/foreign_socket.h"
#include "superd/service/accept_state.h"
#include "superd/service/admission.h"
#include "superd/service/admission_state.h"
#include "superd/service/builtin_channel.h"
#include "superd/service/pending.h"
#include "superd/instance/bind_calls.h"
#include "superd/instance/exec_sequence.h"
#include "superd/instance/forking.h"
#include "superd/instance/instance.h"
#include "superd/instance/instance_state.h"
#include "superd/instance/notify_state.h"
#include "superd/instance/outdated.h"
#include "superd/instance/relay.h"
#include "superd/instance/shared_process.h"
#include "superd/instance/fdstore.h"
#include "superd/instance/instance_cgroup.h"
#include "superd/instance/notify.h"
#include "superd/instance/start_resources.h"
#include "superd/socket/listeners.h"
#include "superd/socket/rpcbind.h"
#include "superd/socket/socket_store.h"
#include "superd/log/output_pipe.h"
#include "superd/log/xinetd_log_file.h"
#include "superd/loop/engine.h"
#include "superd/instance/service_list.h"
#include "superd/instance/start_queue.h"
#include "superd/service/operator_locks.h"
#include "superd/service/runtime_event.h"
#include "superd/service/runtime_state.h"
#include "superd/service/service_reload.h"
#include "superd/service/shared_run.h"
#include "superd/service/socket_commands.h"
#include "superd/start/removal.h"
#include "superd/stop/standby_socket.h"
#include "superd/stop/stop.h"

static void save_engine(struct state_saver *saver, struct engine *engine, const struct save_source *source)
{
	struct buf *text = &saver->text;

	state_open_section(text, "engine");
	state_add(text, "version", build_version());
	state_add_number(text, "pid", getpid());
	save_real(saver, "quiet_since", source->quiet_since);
	if (source->program)
		state_add(text, "program", source->program);
	save_fd(saver, "pid_file", source->pid_file);
	save_number(saver, "output_reader", output_reader_process());
	save_number(saver, "exit_status", *source->exit_status);
	save_fd(saver, "control", *source->control);
	state_save(saver, &engine_state, engine);
	state_save(saver, &log_files_state, engine->log_files);
	state_save(saver, &start_resources_state, engine->launch);
	state_save(saver, &admission_state, engine->admission);
	state_save(saver, &start_queue_state, engine->start_queue);
	save_number(saver, "command_due", *source->command_is_due);
	if (source->command->pid > 0) {
		state_open_section(text, "command");
		state_add_number(text, "pid", source->command->pid);
		save_number(saver, "born", source->command->born);
		save_number(saver, "group", *source->command_group);
	}
}

static void save_rpc_debt(void *context, const struct rpc_debt *debt)
{
	state_save(context, &debt_state, debt);
}

static void save_left_in_store(void *context, const char *name)
{
	struct state_saver *saver = context;

	state_open_section(&saver->text, "stored");
	state_add(&saver->text, "name", name);
}

void save_engine_state(struct state_saver *saver, struct engine *engine, const struct save_source *source)
{
	double now = clock_now();

	save_engine(saver, engine, source);
	for (const struct address_entry *one = engine->admission->denied.oldest; one; one = one->younger) {
		if (one->until > now)
			state_save(saver, &address_entry_state, one);
	}
	LIST_EACH(link, &engine->log_files->released) {
		const struct output *output = container_of(link, struct output, link);

		if (output->reading.target >= 0)        /* superd-output reads this one by itself */
			continue;
		state_save(saver, &released_state, output);
		state_add(&saver->text, "name", output->service);
	}
	if (engine->listeners->rpc)
		rpc_each_debt(engine, save_rpc_debt, saver);
	if (engine->listeners->store)
		socket_store_each_left(engine, save_left_in_store, saver);
	LIST_EACH(link, &engine->launch->empty_cgroups) {
		state_open_section(&saver->text, "group");
		state_add(&saver->text, "path", container_of(link, struct empty_cgroup, link)->path);
	}
	LIST_EACH(link, &engine->bind_strays->list)
		state_save(saver, &bind_stray_state, container_of(link, struct bind_stray, link));
	removal_save(saver);
	locks_save(engine->locks, &saver->text);
}

/* One service: its runtime, its sockets with parked clients, its counters, its pipes and its fdstore.
 *
 * The plan and the socket names are not written, because the next superd makes them anew. Idle helper processes end
 * when their channel closes. */

/* Whether it may be another user's, and its address: that user may keep the socket's lock. */
static void save_foreign(struct state_saver *saver, int fd)
{
	struct socket_address name;

	if (!foreign_socket_is(fd))
		return;
	save_number(saver, "foreign", 1);
	if (foreign_socket_name(fd, &name))
		state_add_bytes(&saver->text, "address", &name, sizeof(name));
}

static void save_listener(struct state_saver *saver, const struct service_runtime *runtime, unsigned number)
{
	const struct listener *listener = &runtime->listeners[number];
	struct engine *engine = runtime->engine;

	if (!listener_has_socket(listener) && !listener->parked)
		return;
	state_save(saver, &listener_state, listener);
	save_number(saver, "number", number);
	save_fd(saver, "fd", listener->fd);
	save_foreign(saver, listener->fd);
	if (engine->listeners->rpc)
		save_number(saver, "registered", rpc_is_registered(engine, listener->fd));
	if (engine->listeners->store)
		save_text(saver, "stored", socket_store_name(engine, listener->fd));
	for (size_t n = 0; listener->parked && n < listener->parked->count; n++)
		state_save(saver, &parked_state, &listener->parked->list[n]);
}

/* Writes the standby sockets, each with the listener it belongs to. */
static void save_standby(struct state_saver *saver, const struct service_runtime *runtime,
			 const struct standby_sockets *standby_sockets)
{
	state_save(saver, &standby_state, standby_sockets);
	for (size_t n = 0; n < standby_sockets->count; n++) {
		if (standby_sockets->pairs[n].other < 0)
			continue;
		state_save(saver, &pair_state, &standby_sockets->pairs[n]);
		state_add_number(&saver->text, "of", runtime->listeners[n].fd);
		save_foreign(saver, standby_sockets->pairs[n].other);
	}
}

/* Writes the pipes and the fdstore. superd-output reads inherited pipes to their end. */
static void save_start_kit(struct state_saver *saver, const struct start_kit *kit)
{
	for (int n = 0; n < KIT_READ; n++) {
		if (kit->outputs[n])
			state_save(saver, &output_state, kit->outputs[n]);
	}
	if (!kit->store)
		return;
	LIST_EACH(link, &kit->store->kept) {
		state_save(saver, &kept_state, container_of(link, struct fdstore_entry, link));
		state_add(&saver->text, "name", container_of(link, struct fdstore_entry, link)->name);
	}
}

/* Writes how the instances of a removed service must be stopped: its entry is in no table. */
static void save_removed_options(struct state_saver *saver, const struct service *service)
{
	static const char *const modes[] = {
		[KILL_GROUP] = "group", [KILL_MIXED] = "mixed", [KILL_PROCESS] = "process", [KILL_NONE] = "none",
	};
	const struct lifecycle_options *lifecycle = service->groups->lifecycle;
	char text[32];

	state_add_number(&saver->text, "removed", 1);
	save_number(saver, "accepts", service->exec->accept);
	state_add(&saver->text, "kill_signal", scan_signal_name(lifecycle->kill_signal, text));
	state_add(&saver->text, "kill_mode", modes[lifecycle->kill_mode]);
	scan_duration_format(lifecycle->timeout_stop, text);
	state_add(&saver->text, "timeout_stop", text);
}

/* The instances of a service: their processes, and the sockets of their notifications.
 *
 * These are the present notify socket of the service, and older ones, which instances from before a reload still
 * use. Each instance names its socket by an index. The plan of an instance is not written, because only a start
 * needs it. */

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
static void save_shared_process(struct state_saver *saver, const struct instance *instance)
{
	const struct shared_process *process = instance->process;

	for (size_t n = 0; n < process->count; n++) {
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
		if (instance->process)
			save_shared_process(saver, instance);
	}
	if (instance->relay)
		state_save(saver, &relay_state, instance->relay);
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
 * the commands after it. If the program is still being started, the upgrade waits (superd/reload/upgrade),
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

static void save_instances(struct state_saver *saver, struct service_runtime *runtime)
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
		if (notice && notify_index(&sockets, notice->notify) >= 0) {
			state_save(saver, &notice_state, notice);
			state_add_number(&saver->text, "socket", notify_index(&sockets, notice->notify));
		}
		if (instance->sequence)
			save_sequence(saver, instance->sequence);
		if (instance->search)
			state_save(saver, &search_state, instance->search);
		if (instance->stop)
			stop_save(saver, instance);
	}
}

void save_service(struct state_saver *saver, struct service_runtime *runtime)
{
	struct service_run *run = runtime->run;
	/* It runs on by itself from now on. */
	bool runs_on = runtime_is_removed(runtime) && runtime_runs_on(runtime);

	state_open_section(&saver->text, "service");
	state_add(&saver->text, "name", runtime->service->name);
	/* The ticket has its place in the line of starts. */
	state_add(&saver->text, "state", state_name(runs_on ? OFF : start_queue_waits(runtime) ? LISTENING
									    : runtime_state(runtime)));
	state_save(saver, &saved_runtime, runtime);
	if (runtime_is_removed(runtime))
		save_removed_options(saver, runtime->service);
	for (unsigned n = 0; n < runtime->listener_count && !runs_on; n++)
		save_listener(saver, runtime, n);
	if (!run)
		return;
	state_save(saver, &saved_run, run);
	save_number(saver, "outdated", run->current && stop_is_planned(run->current));
	if (run->accept)
		state_save(saver, &saved_accept, run->accept);
	for (unsigned n = 0; run->accept && run->accept->sockets && n < runtime->listener_count; n++)
		state_save(saver, &socket_rate_state, &run->accept->sockets[n]);
	if (run->stats.latency.count)
		state_save(saver, &latency_state, &run->stats.latency);
	if (run->stats.thaw_latency.count)
		state_save(saver, &thaw_latency_state, &run->stats.thaw_latency);
	state_save(saver, &saved_times, &run->stats);
	for (unsigned n = run->stats.failed.count; n-- > 0;)    /* the oldest first, in the order of failures_keep */
		state_save(saver, &failure_state, &run->stats.failed.kept[n]);
	if (run->standby_sockets)
		save_standby(saver, runtime, run->standby_sockets);
	save_start_kit(saver, &run->kit);
	if (run->socket_commands)
		socket_commands_save(saver, runtime);
	if (run->reload)
		service_reload_save(saver, runtime);
	save_instances(saver, runtime);
}

bool save_write(struct state_saver *saver, struct engine *engine, const struct save_source *source)
{
	*saver = (struct state_saver){ .loop = engine->loop };
	state_stream_begin(&saver->text);
	save_engine_state(saver, engine, source);
	if (source->save_table)
		source->save_table(source->table_context, engine->service_list, saver);
	for (size_t n = 0; n < engine->service_list->count; n++) {
		if (engine->service_list->runtimes[n])
			save_service(saver, engine->service_list->runtimes[n]);
	}
	LIST_EACH(link, &engine->service_list->leaving)
		save_service(saver, runtime_leaving(link));
	state_stream_end(&saver->text);
	return !saver->text.failed && !saver->failed;
}
