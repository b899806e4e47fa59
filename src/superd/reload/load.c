/* Loads the whole state of the superd before: finds the code for each section, and the order, and closes descriptors
 * that have no place.
 *
 * superd loads all sockets and instances of all services before it opens, starts or closes anything. Otherwise
 * something new could meet an address, or exceed a limit, that an old socket or instance still occupies. */
#include "superd/reload/load.h"

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/build_id.h"
#include "lib/clock.h"
#include "lib/duration_text.h"
#include "lib/fd.h"
#include "lib/patience.h"
#include "lib/scan.h"
#include "os/cgroup/cgroup.h"
#include "os/cgroup/cgroup_parent.h"
#include "os/guard/guard_link.h"
#include "os/netdiag/foreign_socket.h"
#include "os/proc/process_mark.h"
#include "superd/service/accept.h"
#include "superd/service/accept_state.h"
#include "superd/service/admission.h"
#include "superd/service/admission_state.h"
#include "superd/service/builtin_channel.h"
#include "superd/service/datagram.h"
#include "superd/service/pending.h"
#include "superd/service/shared_clients.h"
#include "superd/service/socket_rest.h"
#include "superd/service/tcpmux.h"
#include "superd/instance/aux_command.h"
#include "superd/instance/bind_calls.h"
#include "superd/instance/exec_sequence.h"
#include "superd/instance/forking.h"
#include "superd/instance/instance.h"
#include "superd/instance/instance_state.h"
#include "superd/instance/notify_state.h"
#include "superd/instance/outdated.h"
#include "superd/instance/ready.h"
#include "superd/instance/relay.h"
#include "superd/instance/fdstore.h"
#include "superd/instance/instance_cgroup.h"
#include "superd/instance/notify.h"
#include "superd/instance/start_resources.h"
#include "superd/socket/rpcbind.h"
#include "superd/socket/socket_store.h"
#include "superd/log/output_pipe.h"
#include "superd/log/xinetd_log_file.h"
#include "superd/loop/close_socket.h"
#include "superd/loop/engine.h"
#include "superd/reload/left_fds.h"
#include "superd/reload/upgrade.h"
#include "superd/instance/service_list.h"
#include "superd/instance/start_queue.h"
#include "superd/instance/wants.h"
#include "superd/saved/state_stream.h"
#include "superd/service/operator_locks.h"
#include "superd/service/runtime_event.h"
#include "superd/service/runtime_state.h"
#include "superd/service/service_reload.h"
#include "superd/service/shared_run.h"
#include "superd/service/socket_commands.h"
#include "superd/start/removal.h"
#include "superd/stop/idle.h"
#include "superd/stop/standby_socket.h"
#include "superd/stop/stop.h"
#include "table/services/service_builder.h"

static struct state_section *find_section(struct state_stream *stream, const char *kind)
{
	for (size_t n = 0; n < stream->count; n++) {
		if (!strcmp(stream->sections[n].kind, kind))
			return &stream->sections[n];
	}
	return NULL;
}

int load_pid_file(struct state_stream *stream)
{
	struct state_section *engine = find_section(stream, "engine");

	return engine ? load_fd(engine, "pid_file") : -1;
}

const char *load_program(struct state_stream *stream)
{
	struct state_section *engine = find_section(stream, "engine");

	return engine ? state_text(engine, "program") : NULL;
}

bool load_is_ours(struct state_stream *stream)
{
	struct state_section *engine = find_section(stream, "engine");

	return engine && (state_number(engine, "pid", 1, INT32_MAX, 0) == guard_first_pid() ||
			  guard_cause() != GUARD_FRESH);
}

const char *load_version(struct state_stream *stream)
{
	struct state_section *engine = find_section(stream, "engine");
	const char *version = engine ? state_text(engine, "version") : NULL;

	return version ? version : "?";
}

const char *load_previous_table(struct state_stream *stream)
{
	struct state_section *table = find_section(stream, "table");

	return table ? state_text(table, "text") : NULL;
}

bool load_had_kept(struct state_stream *stream)
{
	struct state_section *table = find_section(stream, "table");

	return table && state_flag(table, "kept");
}

static bool service_fits(struct state_section *section, const struct table *table, struct buf *why)
{
	const char *name = state_text(section, "name");
	const struct service *service = name ? table_find(table, name) : NULL;

	if (!name || !state_text(section, "state")) {
		buf_text(why, "its state is not whole");
		return false;
	}
	if (state_flag(section, "removed"))
		return true;
	if (service && !service_is_off(service))
		return true;
	buf_addf(why, "it refuses the service %s, which runs", name);
	return false;
}

bool load_fits(struct state_stream *stream, const struct table *table, struct buf *why)
{
	if (!find_section(stream, "engine")) {
		buf_text(why, "its state is not whole");
		return false;
	}
	for (size_t n = 0; n < stream->count; n++) {
		if (!strcmp(stream->sections[n].kind, "service") &&
		    !service_fits(&stream->sections[n], table, why))
			return false;
	}
	if (stream->flaw)
		buf_addf(why, "its state has %s of %s out of bounds", stream->flaw, stream->flawed);
	return !stream->flaw;
}

static void read_engine(struct state_loader *loader, struct state_section *section)
{
	struct engine *engine = loader->engine;

	loader->version = load_version(loader->stream);
	loader->quiet_since = state_real(section, "quiet_since", 0.);
	state_load(section, &engine_state, engine, engine->loop);
	state_load(section, &log_files_state, engine->log_files, engine->loop);
	state_load(section, &start_resources_state, engine->launch, engine->loop);
	state_load(section, &admission_state, engine->admission, engine->loop);
	state_load(section, &start_queue_state, engine->start_queue, engine->loop);
	output_reader_resume((pid_t)state_number(section, "output_reader", 1, INT32_MAX, 0));
	loader->result->control = load_fd(section, "control");
	loader->result->command_is_due = state_flag(section, "command_due");
	loader->result->exit_status = (int)state_number(section, "exit_status", 0, 255, 0);
}

static void read_command(struct state_loader *loader, struct state_section *section)
{
	struct load_result *result = loader->result;

	result->command.pid = (pid_t)state_number(section, "pid", 2, INT32_MAX, 0);
	result->command.born = state_number(section, "born", 0, STATE_NUMBER_MOST, STATE_NUMBER_MOST);
	result->command_group = (pid_t)state_number(section, "group", 2, INT32_MAX, result->command.pid);
}

static void read_denied(struct state_loader *loader, struct state_section *section)
{
	struct address_entry found = { 0 }, *one;

	state_load(section, &address_entry_state, &found, NULL);
	if (!state_bytes(section, "source", found.source, sizeof(found.source)))
		return;
	one = address_lru_note(&loader->engine->admission->denied, found.whose, found.source, clock_now(), found.until);
	if (one)
		one->count = found.count;
}

static void read_released(struct state_loader *loader, struct state_section *section)
{
	const char *name = state_text(section, "name");
	struct output_ends ends = {
		.read = load_fd(section, "read"), .write = -1, .pipe = load_fd(section, "pipe"),
	};
	struct output *output = NULL;

	if (ends.read >= 0 && name)
		output = output_resume_released(loader->engine, name, &ends);
	if (!output) {
		fd_close(&ends.read);
		fd_close(&ends.pipe);
		return;
	}
	state_load(section, &released_state, output, NULL);
}

static void read_left_group(struct state_loader *loader, struct state_section *section)
{
	const char *text = state_text(section, "path");
	char *path = text ? strdup(text) : NULL;

	if (path)
		instance_cgroup_remember(loader->engine, path);
}

static void read_filter(struct state_loader *loader, struct state_section *section)
{
	struct bind_stray found = { .notif = -1 };

	state_load(section, &bind_stray_state, &found, NULL);
	if (found.notif >= 0)
		bind_stray_keep(loader->engine, found.notif);
}

static void read_rpc_debt(struct state_loader *loader, struct state_section *section)
{
	struct engine *engine = loader->engine;
	struct rpc_debt debt = { 0 };

	state_load(section, &debt_state, &debt, NULL);
	if (!rpc_take_debt(engine, &debt))
		log_error(engine->log, "registrations to withdraw from rpcbind did not survive the upgrade");
}

static void read_left_in_store(struct state_loader *loader, struct state_section *section)
{
	const char *name = state_text(section, "name");

	if (name)
		socket_store_note(loader->engine, -1, name);
}

static void read_removal(struct state_loader *loader, struct state_section *section)
{
	(void)loader;
	removal_load(section);
}

static void read_lock(struct state_loader *loader, struct state_section *section)
{
	struct engine *engine = loader->engine;

	if (!locks_load(engine, section))
		log_error(engine->log, "%s: its lock did not survive the upgrade: out of memory",
			  state_text(section, "name"));
}

/* Sections that superd/main/load reads. */
static void skip_section(struct state_loader *loader, struct state_section *section)
{
	(void)loader;
	for (size_t n = 0; n < section->count; n++)
		section->entries[n].used = true;
}

static const struct {
	const char *kind;
	void (*read)(struct state_loader *loader, struct state_section *section);
} engine_sections[] = {
	{ "engine", read_engine }, { "command", read_command },
	{ "denied", read_denied }, { "released", read_released }, { "group", read_left_group },
	{ "withdrawal", read_rpc_debt }, { "removal", read_removal },
	{ "stored", read_left_in_store }, { "filter", read_filter },
	{ "lock", read_lock },     { "table", skip_section },	  { "file", skip_section },  { "lookup", skip_section },
	{ "system_call_filter", skip_section },
	{ "left_out", skip_section },
};

static void read_engine_sections(struct state_loader *loader)
{
	for (size_t n = 0; n < loader->stream->count; n++) {
		struct state_section *section = &loader->stream->sections[n];

		for (size_t i = 0; i < sizeof(engine_sections) / sizeof(*engine_sections); i++) {
			if (strcmp(engine_sections[i].kind, section->kind) != 0)
				continue;
			section->used = true;
			engine_sections[i].read(loader, section);
		}
	}
}

/* One service, by the entry that it had. superd closes sockets that have no place in it, and opens missing ones as a
 * reload does. */

#define NOTIFY_SOCKETS_MOST 64

/* The progress in the sections of one service. Owner: load_service. */
struct service_loader {
	struct service_runtime *runtime;
	struct listener *listener;      /* listener of the last section; NULL: it has no place */
	struct instance *instance;      /* instance of the last section; NULL: it has no place */
	struct aux_command *command;    /* owner of a command whose section may follow; NULL: none */
	struct notify *notifies[NOTIFY_SOCKETS_MOST];
	int notify_count;
	bool noted;                     /* true: a process was started after the rest was saved */
	bool drains;                    /* true: a drain of its current instance was planned */
	double timer;                   /* seconds left of the timer of the runtime; negative: none */
};

/* is_lent: backends of the service may have the socket. */
static void load_foreign(const struct service_loader *progress, struct state_section *section, int fd, bool is_lent)
{
	size_t length;
	struct socket_address *name = state_take_bytes(section, "address", sizeof(*name), &length);
	bool is_known = name && length == sizeof(*name) && name->length <= sizeof(name->storage);

	if (state_flag(section, "foreign") || (is_lent && foreign_holder_is(progress->runtime->service->account)))
		foreign_socket_resume(fd, is_known ? name : NULL);
	free(name);
}

static void load_listener(struct service_loader *progress, struct state_section *section)
{
	const char *stored = state_text(section, "stored");
	struct service_runtime *runtime = progress->runtime;
	unsigned number = (unsigned)state_number(section, "number", 0, INT32_MAX, 0);
	int fd = load_fd(section, "fd");
	struct listener *listener = NULL;

	if (number < runtime->listener_count && !listener_has_socket(&runtime->listeners[number]))
		listener = &runtime->listeners[number];
	progress->listener = listener;
	if (stored)
		socket_store_note(runtime->engine, listener ? fd : -1, stored);
	if (!listener) {
		close_socket_fd(runtime->engine, runtime->service->name, &fd);
		return;
	}
	state_load(section, &listener_state, listener, runtime->engine->loop);
	if (fd < 0)
		return;
	load_foreign(progress, section, fd, listener_was_lent(listener));
	if (foreign_socket_is(fd))
		listener->hands = HANDS_LENT;
	if (!listener_resume(listener, runtime->engine, runtime->service->name, fd))
		listener->hands = listener->has_lent_filter = 0; /* HANDS_OURS */
	else if (state_flag(section, "registered"))
		rpc_note_registered(runtime->engine, fd);
}

static void load_parked(struct service_loader *progress, struct state_section *section)
{
	struct parked_client parked = { 0 };
	struct pending_client pending;
	enum admission_stage reached;

	state_load(section, &parked_state, &parked, NULL);
	if (parked.client.fd < 0)
		return;
	reached = accept_stage_reached(progress->runtime, &parked.client);
	if (parked.progress < reached)
		parked.progress = reached;      /* the record may be older than what was sent */
	pending = (struct pending_client){ .client = parked.client,
					 .listener = progress->listener,
					 .progress = parked.progress,
					 .until = parked.until };
	/* The record may be older than the start for this client. */
	if (!progress->listener || guard_was_given(parked.client.fd, listener_is_virtual(progress->listener)) ||
	    pending_park(progress->runtime, &pending) != ADMITTED)
		close_socket_client(progress->runtime->engine, progress->runtime->service->name, &parked.client);
}

/* Unless the record has it, or a process. */
static void load_promised(struct service_loader *progress, struct state_section *section)
{
	struct service_runtime *runtime = progress->runtime;
	int fd = (int)state_number(section, "number", 0, INT32_MAX, -1);
	unsigned index = (unsigned)state_number(section, "listener", 0, INT32_MAX, INT32_MAX);
	struct client client = { .fd = fd, .length = sizeof(client.peer) };

	if (index >= runtime->listener_count || guard_was_given(fd, true) ||
	    getpeername(fd, &client.peer.any, &client.length) < 0 || !left_fds_take(section->stream, fd))
		return;
	if (!listener_park(&runtime->listeners[index], &client, ARRIVED, clock_now() + MUX_PATIENCE))
		close_socket_client(runtime->engine, runtime->service->name, &client);
}

static void load_standby_sockets(struct service_loader *progress, struct state_section *section)
{
	struct standby_sockets *standby_sockets =
		progress->runtime->run->standby_sockets ? NULL : standby_sockets_load(progress->runtime);

	if (standby_sockets)
		state_load(section, &standby_state, standby_sockets, NULL);
}

static void load_standby_socket(struct service_loader *progress, struct state_section *section)
{
	int of = (int)state_number(section, "of", -1, INT32_MAX, -1);
	const struct service_runtime *runtime = progress->runtime;
	struct standby_sockets *standby_sockets = runtime->run->standby_sockets;
	struct standby_pair pair = { .other = -1 };

	state_load(section, &pair_state, &pair, NULL);
	for (size_t n = 0; standby_sockets && pair.other >= 0 && of >= 0 && n < standby_sockets->count; n++) {
		if (runtime->listeners[n].fd != of || standby_sockets->pairs[n].other >= 0)
			continue;
		standby_sockets->pairs[n].other = pair.other;
		standby_sockets->pairs[n].older = pair.older;
		load_foreign(progress, section, pair.other, true);
		if (!standby_sockets->split)
			standby_sockets_linger(standby_sockets);
		return;
	}
	fd_close(&pair.other);          /* its listener has gone */
}

static void load_service_run(struct service_loader *progress, struct state_section *section)
{
	struct service_runtime *runtime = progress->runtime;

	progress->timer = state_seconds_left(section, "timer");
	progress->drains = state_flag(section, "outdated");
	state_load(section, &saved_run, runtime->run, runtime->engine->loop);
	state_load(section, &saved_accept, runtime->run->accept, NULL);
}

static void load_socket_rate(struct service_loader *progress, struct state_section *section)
{
	struct socket_rate rate = { 0 };

	state_load(section, &socket_rate_state, &rate, NULL);
	if (rate.number < progress->runtime->listener_count && socket_rest_make(progress->runtime))
		progress->runtime->run->accept->sockets[rate.number] = rate;
}

static void load_latency_histogram(struct service_loader *progress, struct state_section *section)
{
	state_load(section, &latency_state, &progress->runtime->run->stats.latency, NULL);
}

static void load_thaw_latency(struct service_loader *progress, struct state_section *section)
{
	state_load(section, &thaw_latency_state, &progress->runtime->run->stats.thaw_latency, NULL);
}

static void load_state_times(struct service_loader *progress, struct state_section *section)
{
	state_load(section, &saved_times, &progress->runtime->run->stats, NULL);
}

static void load_failure(struct service_loader *progress, struct state_section *section)
{
	struct failure failure = { 0 };

	state_load(section, &failure_state, &failure, NULL);
	failures_keep(&progress->runtime->run->stats.failed, &failure);
}

static void load_output(struct service_loader *progress, struct state_section *section)
{
	struct service_runtime *runtime = progress->runtime;
	bool to_syslog = state_flag(section, "syslog");
	struct output **place = &runtime->run->kit.outputs[to_syslog ? KIT_SYSLOG : KIT_LOG];
	struct output_ends ends = {
		.read = load_fd(section, "read"), .write = load_fd(section, "write"),
		.pipe = load_fd(section, "pipe"),
	};
	bool taken = false;

	if (!*place && ends.read >= 0 && ends.write >= 0) {
		*place = output_resume(runtime->engine, runtime->service, to_syslog, &ends);
		taken = *place;
	}
	if (!taken) {
		fd_close(&ends.read);
		fd_close(&ends.write);
		fd_close(&ends.pipe);
		return;
	}
	state_load(section, &output_state, *place, runtime->engine->loop);
}

static void load_fdstore_entry(struct service_loader *progress, struct state_section *section)
{
	struct service_runtime *runtime = progress->runtime;
	struct fdstore **store = &runtime->run->kit.store;
	const char *name = state_text(section, "name");
	struct event event = { .name = "store", .service = runtime->service->name, .reason = name };
	struct fdstore_entry found = { .fd = -1, .user = service_user(runtime->service) };

	state_load(section, &kept_state, &found, NULL);
	if (!*store)
		*store = fdstore_new(runtime->engine, runtime->service->name);
	if (!*store || !name || found.fd < 0 ||
	    !fdstore_keep(*store, &found.fd, (struct note_text){ name, strlen(name) }, found.user, found.is_watched))
		log_event(runtime->engine->log, LEVEL_ERROR, &event,
			  "a descriptor of its store did not survive the upgrade");
	fd_close(&found.fd);
}

/* Instances that the superd before has started. Even if values are missing, or have no place any more, superd
 * must be able to notice their end and to stop them. */

static void load_log_loss(const struct service_runtime *runtime, const char *what)
{
	struct event event = { .name = "upgraded", .service = runtime->service->name, .reason = what };

	log_event(runtime->engine->log, LEVEL_ERROR, &event, "%s was lost in the upgrade", what);
}

static void load_notify(struct service_loader *progress, struct state_section *section)
{
	struct service_runtime *runtime = progress->runtime;
	struct notify **mine = &runtime->run->kit.notify, *notify;

	if (progress->notify_count == NOTIFY_SOCKETS_MOST)
		return;
	notify = notify_load(runtime->engine, runtime->service->name, section);
	progress->notifies[progress->notify_count++] = notify;
	if (!notify) {
		load_log_loss(runtime, "a socket for its notifications");
		return;
	}
	notify->released |= *mine != NULL;
	if (!notify->released)
		*mine = notify;
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

static void add_to_service(struct service_runtime *runtime, struct instance *instance,
			   struct state_section *section)
{
	bool current = state_flag(section, "current");

	if (state_flag(section, "guest")) {
		pending_own(runtime, instance);
		list_add(&runtime->run->instances, &instance->link);
		runtime->instance_count += !instance->retired;
	} else {
		shared_run_own(runtime, instance);
		instance->retired |= !current || runtime_current(runtime);
		if (!instance->retired)
			runtime->run->current = instance;
	}
}

static void load_instance(struct service_loader *progress, struct state_section *section)
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
	add_to_service(runtime, instance, section);
	read_process(instance, section);
	if (instance->client.counted)
		instance->client.counted = source_count_enter(&runtime->engine->instances->by_source, runtime,
							      instance->client.source, INT64_MAX);
	read_busy_listener(runtime, instance, section);
	if (!read_shared(runtime, instance, section, "process"))
		read_channel(runtime, instance, section);
	if (!relay_load(instance, section))
		load_log_loss(instance->context, "the relay of an instance");
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
static void load_noted(struct service_loader *progress, struct state_section *section)
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
		notify_join(runtime->run->kit.notify, instance);
	instance->mark = process_mark(pid);
	if (runtime->service->exec->type == TYPE_FORKING && !forking_load(instance, runtime->table))
		load_log_loss(runtime, "the search for its daemon");
	instance_begin(instance, pid, clock_now());
}

static void load_bind_calls(struct service_loader *progress, struct state_section *section)
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

static void load_bind_use(struct service_loader *progress, struct state_section *section)
{
	const struct service_runtime *runtime = progress->runtime;
	int fd = (int)state_number(section, "of", -1, INT32_MAX, -1);
	struct bind_calls *calls = progress->instance ? progress->instance->bind_calls : NULL;

	for (size_t n = 0; calls && fd >= 0 && n < calls->count; n++) {
		if (runtime->listeners[n].fd == fd)
			state_load(section, &bind_use_state, &calls->uses[n], NULL);
	}
}

static void load_notify_state(struct service_loader *progress, struct state_section *section)
{
	struct instance *instance = progress->instance;
	int index = (int)state_number(section, "socket", 0, NOTIFY_SOCKETS_MOST - 1, -1);
	struct notify_state *state;

	if (!instance || index < 0 || index >= progress->notify_count || !progress->notifies[index] ||
	    !notify_join(progress->notifies[index], instance) || !instance->notice)
		return;
	state = instance->notice;
	state_load(section, &notice_state, state, instance->engine->loop);
	if (ev_is_active(&state->limit))
		allowance_begin(&state->allowance,
				(int64_t)(ev_timer_remaining(instance->engine->loop, &state->limit) * 1e6));
	if (instance->groups.former)
		list_add(&instance->engine->instances->moved, &state->moved);
}

static void load_drain(struct service_loader *progress, struct state_section *section)
{
	if (progress->instance)
		stop_load(progress->instance, section);
}

static void load_outdated(struct service_loader *progress, struct state_section *section)
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
static void load_aux_command(struct service_loader *progress, struct state_section *section)
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

static void load_sequence(struct service_loader *progress, struct state_section *section)
{
	struct instance *instance = progress->instance;
	struct exec_sequence *sequence = NULL;
	int of = (int)state_number(section, "of", -1, INT_MAX, -1);
	struct pending_client pending = {
		.listener = listener_of_client(progress->runtime, of, state_text(section, "at")),
	};

	state_load(section, &pending_state, &pending, NULL);
	if (instance && shared_run_owns(instance))
		sequence = shared_run_resume(progress->runtime, instance);
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

static void load_socket_commands(struct service_loader *progress, struct state_section *section)
{
	progress->command = socket_commands_load(progress->runtime, section);
}

static void load_service_reload(struct service_loader *progress, struct state_section *section)
{
	progress->command = service_reload_load(progress->runtime, section);
}

static void load_forking_search(struct service_loader *progress, struct state_section *section)
{
	struct instance *instance = progress->instance;
	struct forking_search *search =
		instance && !instance->search ? forking_load(instance, progress->runtime->table) : NULL;

	if (search)
		state_load(section, &search_state, search, instance->engine->loop);
	else
		load_log_loss(progress->runtime, "the search for its daemon");
}

static const struct {
	const char *kind;
	void (*read)(struct service_loader *progress, struct state_section *section);
	bool needs_run;
} service_sections[] = {
	{ "listener", load_listener, false }, { "parked", load_parked, false },
	{ "activity", load_service_run, true },  { "output", load_output, true },
	{ "store", load_fdstore_entry, true },        { "notify", load_notify, true },
	{ "instance", load_instance, true },  { "noted", load_noted, true },  { "promised", load_promised, false },
	{ "notice", load_notify_state, true },
	{ "bind_calls", load_bind_calls, true },	{ "bind_use", load_bind_use, true },
	{ "course", load_sequence, true },      { "drain", load_drain, true },
	{ "latency", load_latency_histogram, true },    { "thaw_latency", load_thaw_latency, true },
	{ "failure", load_failure, true },	{ "socket_rate", load_socket_rate, true },
	{ "twins", load_standby_sockets, true },        { "twin", load_standby_socket, true },
	{ "opening", load_socket_commands, true },
	{ "outdated", load_outdated, true },
	{ "refresh", load_service_reload, true },    { "control", load_aux_command, true },
	{ "search", load_forking_search, true },      { "spent", load_state_times, true },
};

static void read_service_section(struct service_loader *progress, struct state_section *section)
{
	for (size_t n = 0; n < sizeof(service_sections) / sizeof(*service_sections); n++) {
		if (strcmp(service_sections[n].kind, section->kind) != 0)
			continue;
		section->used = true;
		if (!service_sections[n].needs_run || shared_run_prepare(progress->runtime))
			service_sections[n].read(progress, section);
		return;
	}
}

static enum state read_state(struct state_section *section)
{
	const char *name = state_text(section, "state");

	for (int state = OFF; name && state < STATES; state++) {
		if (!strcmp(state_name((enum state)state), name))
			return (enum state)state;
	}
	state_note_flaw(section, "state");
	return OFF;
}

static bool needs_instance(enum state state)
{
	return state == STARTING || state == RUNNING || state == STOPPING || state == FROZEN;
}

/* Returns the saved state, or LISTENING or OFF if it does not fit what was loaded. */
static enum state possible_state(const struct service_runtime *runtime, enum state state)
{
	bool has_instance = runtime_current(runtime);
	bool accepts = runtime->service->exec->accept;

	if (accepts ? needs_instance(state) : state == FULL || (needs_instance(state) && !has_instance))
		return LISTENING;
	return state;
}

/* A superd that died could not thaw what it had frozen. */
static enum state thaw_left(struct service_runtime *runtime, enum state state)
{
	LIST_EACH(link, runtime_instances(runtime)) {
		struct instance *instance = container_of(link, struct instance, link);

		if (instance->cgroup.path)
			cgroup_thaw(instance->cgroup.path);
		instance_signal(instance, SIGCONT, true);
	}
	return state == FROZEN ? RUNNING : state;
}

/* Loads one service from its sections, from `from` up to `behind`: its sockets, then its instances. Starts
 * nothing. */
static void load_service(struct state_loader *loader, struct service_runtime *runtime, struct state_section *from,
		  struct state_section *behind)
{
	struct service_loader progress = { .runtime = runtime, .timer = -1. };
	size_t before = runtime->engine->instances->count;
	const enum state saved = read_state(from);
	enum state state = saved;

	from->used = true;
	state_load(from, &saved_runtime, runtime, NULL);
	for (struct state_section *section = from + 1; section < behind; section++)
		read_service_section(&progress, section);
	for (int n = 0; n < progress.notify_count; n++) {
		if (progress.notifies[n])
			notify_close_unused(progress.notifies[n]);
	}
	if (guard_cause() == GUARD_RESTARTS && !runtime->service->exec->accept)
		state = thaw_left(runtime, progress.noted && !needs_instance(state) ? STARTING : state);
	if (state == STARTING && !runtime_current(runtime))
		runtime->started = false;       /* superd died just before the start */
	else if (state == STARTING && runtime_current(runtime)->state == INSTANCE_READY)
		state = RUNNING;                /* or between the start and its note of it */
	runtime->state = state_loaded(possible_state(runtime, state), runtime->state);
	if (progress.drains && runtime_current(runtime) && !runtime_current(runtime)->stop)
		stop_plan_drain(runtime);
	start_queue_load(runtime);
	if (runtime->run && runtime_state(runtime) != saved)
		state_times_leave(&runtime->run->stats.state_times, saved, clock_now());
	runtime_note_phase(runtime);
	if (runtime->run && progress.timer >= 0.)
		runtime_start_timer(runtime, progress.timer);
	if (runtime->run && runtime_is_empty(runtime))
		start_kit_rest(&runtime->run->kit);
	loader->services++;
	loader->instances += runtime->engine->instances->count - before;
}

/* Ends the wait for commands that were not loaded, and restores what the next commands need. */
static void resume_sequences(struct service_runtime *runtime)
{
	socket_commands_go_on(runtime);
	if (runtime_state(runtime) == BINDING && !socket_commands_is_busy(runtime) &&
	    !(runtime->run && ev_is_active(&runtime->run->timer)))
		runtime_post(runtime, TIMER);   /* its conditions were being checked */
	if (runtime->run)
		service_reload_go_on(runtime);
	LIST_EACH(link, runtime_instances(runtime)) {
		struct instance *instance = container_of(link, struct instance, link);

		ready_load(instance);
		if (!instance->sequence)
			continue;
		pending_load_plan(instance->sequence);
		exec_sequence_go_on(instance->sequence);
	}
}

/* Called when all sections were read: the runtime continues by itself. */
static void load_go_on(struct service_runtime *runtime)
{
	resume_sequences(runtime);
	runtime_hear(runtime);          /* commands that were not loaded have failed */
	if (runtime_state(runtime) == OFF || runtime_state(runtime) == CLOSING) {
		if (runtime_state(runtime) == OFF && !runtime_is_disabled(runtime) && !runtime_is_removed(runtime))
			runtime_event(runtime, ENABLE);
		return;
	}
	if (runtime_state(runtime) == BINDING) {
		runtime_event(runtime, TIMER);
		return;
	}
	runtime_reopen_unreachable(runtime);
	if (!runtime_is_complete(runtime))
		runtime_event(runtime, BIND_ERROR);
	else if (runtime_state(runtime) == LISTENING)
		runtime_event(runtime, ENABLE);
	else if (wants_is_waiting(runtime))
		runtime_post(runtime, ROOM);    /* heard when all services are there */
	else if (runtime_state(runtime) == QUEUED)
		start_queue_offer(runtime->engine);
	else if (runtime_state(runtime) == FULL && !runtime_is_full(runtime))
		runtime_event(runtime, ROOM);
	else if (runtime_state(runtime) == BACKOFF && (!runtime->run || !ev_is_active(&runtime->run->timer)))
		runtime_event(runtime, TIMER);
	else
		runtime_rewatch(runtime);
	standby_sockets_go_on(runtime);
	stop_go_on(runtime);
	if (runtime_current(runtime) && stop_is_planned(runtime_current(runtime)))
		runtime_post(runtime, DRAIN_DUE);
	if (!runtime->service->exec->accept)
		idle_follow(runtime);
	upgrade_freeze_again(runtime);
}

static struct state_section *end_of_service(struct state_stream *stream, struct state_section *section)
{
	do
		section++;
	while (section < stream->sections + stream->count && strcmp(section->kind, "service") != 0);
	return section;
}

/* Removed services whose instances run on. Their entry is in no table any more, so superd makes a new one with
 * the options that still matter: how the instances are stopped. */

static void set_option(struct service_builder *builder, const char *option, const char *text, struct diags *diags)
{
	if (text)
		builder_set_text(builder, option, text, (struct origin){ 0 }, diags);
}

/* Makes the entry. An option of another version that cannot be set keeps its default. */
static struct table *make_table(const char *name, struct state_section *section)
{
	struct table *table = table_new();
	struct origin nowhere = { 0 };
	struct service_builder *builder = table ? builder_new(table, name, nowhere) : NULL;
	struct diags diags = { 0 };
	bool good = false;

	if (builder) {
		set_option(builder, "exec", "/bin/false", &diags);
		set_option(builder, "accept", state_flag(section, "accepts") ? "yes" : "no", &diags);
		set_option(builder, "kill_signal", state_text(section, "kill_signal"), &diags);
		set_option(builder, "kill_mode", state_text(section, "kill_mode"), &diags);
		set_option(builder, "timeout_stop", state_text(section, "timeout_stop"), &diags);
		good = builder_finish(builder, NULL, &diags) && table->count;
	}
	builder_free(builder);
	diags_free(&diags);
	if (good)
		return table;
	table_free(table);
	return NULL;
}

/* NULL: out of memory. */
static struct service_runtime *load_removed(struct state_loader *loader, struct state_section *section)
{
	struct engine *engine = loader->engine;
	struct table *table = make_table(state_text(section, "name"), section);
	struct service_runtime *runtime = table ? runtime_new(engine, table, &table->services[0]) : NULL;

	if (!runtime) {
		table_free(table);
		return NULL;
	}
	if (!runtime_make_run(runtime)) {
		runtime_free(runtime);
		return NULL;
	}
	runtime->state = service_ordered(runtime->state, REMOVE);
	list_add(&engine->service_list->leaving, &runtime->run->leaving);
	return runtime;
}

/* Returns the runtime that a section describes; NULL: the table has no such service. */
static struct service_runtime *runtime_of_section(struct state_loader *loader, struct table *table,
						  struct state_section *section)
{
	struct service_list *service_list = loader->engine->service_list;
	const char *name = state_text(section, "name");
	const struct service *service;

	if (!name)
		return NULL;
	if (state_flag(section, "removed"))
		return load_removed(loader, section);
	service = table_find(table, name);
	return service ? service_list->runtimes[service - table->services] : NULL;
}

static void read_services(struct state_loader *loader, struct table *table)
{
	struct state_section *section = loader->stream->sections, *last = section + loader->stream->count;

	while (section < last && strcmp(section->kind, "service") != 0)
		section++;
	for (struct state_section *next; section < last; section = next) {
		struct service_runtime *runtime = runtime_of_section(loader, table, section);

		next = end_of_service(loader->stream, section);
		if (runtime)
			load_service(loader, runtime, section, next);
		else
			log_event(loader->engine->log, LEVEL_WARNING,
				  &(struct event){ .name = "upgraded", .service = state_text(section, "name") },
				  "this superd refuses it: its sockets are closed, and its instances run on");
	}
}

/* Logs kinds and keys that this version does not know, each kind or key once, and closes descriptors that were not
 * taken. */
static void close_unknown(struct state_loader *loader)
{
	const char *logged_kind = "", *logged_key = "";

	for (size_t n = 0; n < loader->stream->count; n++) {
		struct state_section *section = &loader->stream->sections[n];

		for (size_t i = 0; i < section->count; i++) {
			struct state_entry *entry = &section->entries[i];
			bool was_used = entry->used, is_left = !was_used && load_holds_descriptor(entry->key);
			int fd = is_left ? load_fd_of(section, entry) : -1;

			fd_close(&fd);
			if (was_used || (section->used && !strcmp(logged_key, entry->key)) ||
			    (!section->used && !strcmp(logged_kind, section->kind)))
				continue;
			log_warn(loader->engine->log,
				 "unknown in the state of the previous superd, and ignored: %s%s%s",
				 section->kind, section->used ? ": " : "", section->used ? entry->key : "");
			logged_kind = section->kind;
			logged_key = section->used ? entry->key : logged_key;
		}
	}
	if (loader->stream->flaw)
		log_warn(loader->engine->log,
			 "invalid in the state of the previous superd, and ignored: %s of %s is out of bounds",
			 loader->stream->flaw, loader->stream->flawed);
}

/* Patiently: the sockets and backends of a service that has no runtime here would be lost. */
static bool make_service_list(struct engine *engine, struct table *table)
{
	struct service_list *service_list = engine->service_list;

	unsigned tries = 0;

	while (!(service_list->runtimes = calloc(table->count + 1, sizeof(struct service_runtime *)))) {
		if (!patience_wait(&tries))
			return false;
	}
	service_list->count = table->count;
	service_list->table = table;
	service_list->generation++;
	for (size_t n = 0; n < table->count; n++) {
		if (service_is_off(&table->services[n]))
			continue;
		while (!(service_list->runtimes[n] = runtime_new(engine, table, &table->services[n])) &&
		       patience_wait(&tries))
			continue;
		if (!service_list->runtimes[n])
			log_error(engine->log, "%s: cannot be taken over: out of memory",
				  table->services[n].name);
	}
	return true;
}

/* How the superd before has died: "signal KILL". */
static void log_restarted(const struct state_loader *loader)
{
	struct event event = {
		.name = "restarted", .has_signal = WIFSIGNALED(guard_death()), .signal = WTERMSIG(guard_death())
	};
	char name[32];

	log_event(loader->engine->log, LEVEL_ERROR, &event,
		  "signal %s ended superd%s, and its guard restarted it: %zu service%s, %zu instance%s continue",
		  scan_signal_name(WTERMSIG(guard_death()), name),
		  guard_ended_hung() ? ", which did not answer its watchdog" : "",
		  loader->services, loader->services == 1 ? "" : "s",
		  loader->instances, loader->instances == 1 ? "" : "s");
}

static void log_upgraded(const struct state_loader *loader)
{
	struct event event = { .name = "upgraded" };
	double took = loader->quiet_since > 0. ? clock_now() - loader->quiet_since : 0.;
	char span[DURATION_MOST];

	log_event(loader->engine->log, LEVEL_NOTICE, &event,
		  "upgraded from %s to %s: %zu service%s, %zu instance%s, in %s", loader->version,
		  build_version(), loader->services, loader->services == 1 ? "" : "s", loader->instances,
		  loader->instances == 1 ? "" : "s", duration_write(span, took));
}

bool load_all(struct state_loader *loader, struct table *table)
{
	loader->version = "?";
	if (!make_service_list(loader->engine, table))
		return false;
	read_engine_sections(loader);
	if (loader->engine->launch->cgroups.base)
		cgroup_parent_mark(loader->engine->launch->cgroups.base);       /* its guard may be another one */
	read_services(loader, table);
	close_unknown(loader);
	return true;
}

void load_begin(struct state_loader *loader)
{
	struct engine *engine = loader->engine;
	struct service_list *service_list = engine->service_list;

	for (size_t n = 0; n < service_list->count; n++) {
		if (!service_list->runtimes[n])
			continue;
		load_go_on(service_list->runtimes[n]);
		if (runtime_is_disabled(service_list->runtimes[n]))
			runtime_event(service_list->runtimes[n], DISABLE);
		if (accept_has_handed(service_list->runtimes[n]))
			runtime_post(service_list->runtimes[n], HANDED);
	}
	LIST_EACH(link, &engine->service_list->leaving)
		runtime_post(runtime_leaving(link), LOOK);
	wants_follow_all(engine);
	if (guard_cause() != GUARD_FRESH)
		left_fds_settle(engine, loader->stream);
	engine->locks->is_stale = true;                 /* the old superd may have failed to write the file */
	if (guard_cause() == GUARD_RESTARTS)
		log_restarted(loader);
	else
		log_upgraded(loader);
}
