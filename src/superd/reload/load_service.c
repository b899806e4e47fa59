/* Loads one service. Its entry may have changed: superd keeps a socket if the entry has its endpoint, and gives it
 * the options of the entry. It closes other sockets, and opens missing ones as a reload does. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/fd.h"
#include "lib/patience.h"
#include "os/cgroup/cgroup.h"
#include "os/guard/guard_link.h"
#include "os/netdiag/foreign_socket.h"
#include "superd/accept/accept.h"
#include "superd/accept/accept_state.h"
#include "superd/accept/pending_start.h"
#include "superd/accept/socket_rest.h"
#include "superd/accept/tcpmux.h"
#include "superd/health/accept_latency.h"
#include "superd/health/queue_notes.h"
#include "superd/instance/exec_sequence.h"
#include "superd/instance/instance.h"
#include "superd/instance/instance_state.h"
#include "superd/instance/ready.h"
#include "superd/launch/fdstore.h"
#include "superd/listener/rpcbind.h"
#include "superd/listener/socket_store.h"
#include "superd/loop/close_socket.h"
#include "superd/loop/engine_state.h"
#include "superd/reload/left_fds.h"
#include "superd/reload/load.h"
#include "superd/reload/load_instance.h"
#include "superd/reload/upgrade.h"
#include "superd/runtime/start_queue.h"
#include "superd/runtime/wants.h"
#include "superd/service/runtime_state.h"
#include "superd/service/service_reload.h"
#include "superd/service/shared_run.h"
#include "superd/service/socket_commands.h"
#include "superd/stop/freeze.h"
#include "superd/stop/idle.h"
#include "superd/stop/standby_socket.h"
#include "superd/stop/stop.h"

static bool is_endpoint(const struct listen *listen, const char *text)
{
	struct buf own = { 0 };
	unsigned tries = 0;
	bool same;

	endpoint_format(listen->endpoint, &own);
	while (own.failed && patience_wait(&tries)) {
		buf_free(&own);
		endpoint_format(listen->endpoint, &own);
	}
	same = !own.failed && !strcmp(buf_string(&own), text);
	buf_free(&own);
	return same;
}

/* Finds a listener by name and endpoint, else by the endpoint alone. */
static struct listener *find_listener(struct service_runtime *runtime, const char *name, const char *endpoint)
{
	struct listener *found = NULL;

	for (unsigned n = 0; n < runtime->listener_count; n++) {
		struct listener *one = &runtime->listeners[n];

		if (listener_has_socket(one) || !is_endpoint(one->listen, endpoint))
			continue;
		if (!strcmp(one->listen->name, name))
			return one;
		if (!found)
			found = one;
	}
	return found;
}

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
	const char *name = state_text(section, "name"), *endpoint = state_text(section, "endpoint");
	const char *stored = state_text(section, "stored");
	struct service_runtime *runtime = progress->runtime;
	int fd = load_fd(section, "fd");
	struct listener *listener = NULL;

	if (name && endpoint)
		listener = find_listener(runtime, name, endpoint);
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
	progress->accept_look = state_seconds_left(section, "taking");
	state_load(section, &saved_run, runtime->run, runtime->engine->loop);
	state_load(section, &saved_notes, runtime->run->notes, NULL);
	state_load(section, &saved_accept, runtime->run->accept, NULL);
	freeze_load(runtime, section);
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

/* superd/stop/idle continues with it once the runtime runs. */
static void load_idle(struct service_loader *progress, struct state_section *section)
{
	idle_load(progress->runtime, section);
}

static void load_output(struct service_loader *progress, struct state_section *section)
{
	struct service_runtime *runtime = progress->runtime;
	bool to_syslog = state_flag(section, "syslog");
	struct output **place = to_syslog ? &runtime->run->kit.syslog : &runtime->run->kit.log;
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
	{ "idle", load_idle, true },          { "opening", load_socket_commands, true },
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
static enum state possible_state(const struct service_runtime *runtime, enum state state, bool changed)
{
	bool has_instance = runtime_current(runtime);
	bool accepts = runtime->service->exec->accept;

	if (changed)
		return runtime_is_removed(runtime) ? OFF : LISTENING;
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

void load_service(struct state_loader *loader, struct service_runtime *runtime, struct state_section *from,
		  struct state_section *behind)
{
	struct service_loader progress = { .runtime = runtime, .timer = -1., .accept_look = -1. };
	size_t before = runtime->engine->instances->count;
	enum state state = read_state(from);

	from->used = true;
	state_load(from, &saved_runtime, runtime, NULL);
	progress.changed = state_flag(from, "accepts") != runtime->service->exec->accept;
	for (struct state_section *section = from + 1; section < behind; section++)
		read_service_section(&progress, section);
	load_close_notifies(&progress);
	if (guard_cause() == GUARD_RESTARTS && !runtime->service->exec->accept)
		state = thaw_left(runtime, progress.noted && !needs_instance(state) ? STARTING : state);
	if (state == STARTING && !runtime_current(runtime))
		runtime->started = false;       /* superd died just before the start */
	else if (state == STARTING && runtime_current(runtime)->state == INSTANCE_READY)
		state = RUNNING;                /* or between the start and its note of it */
	runtime->state = state_loaded(possible_state(runtime, state, progress.changed), runtime->state);
	start_queue_load(runtime);
	runtime_note_phase(runtime);
	if (runtime->run && progress.timer >= 0.)
		runtime_start_timer(runtime, progress.timer);
	if (runtime->run && progress.accept_look >= 0. && runtime_state(runtime) == RUNNING)
		accept_latency_load(runtime, progress.accept_look);
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

void load_go_on(struct service_runtime *runtime)
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
	stop_go_on(runtime);
	if (runtime->run && runtime->run->drains_when_ready)
		runtime_post(runtime, DRAIN_DUE);
	if (!runtime->service->exec->accept)
		idle_follow(runtime);
	upgrade_freeze_again(runtime);
}
