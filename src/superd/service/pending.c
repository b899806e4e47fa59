/* Turns a client into an instance. Everything that is counted for a client must be undone exactly once: by
 * pending_dismiss, or by the end of the instance.
 *
 * If the instance has an exec sequence (superd/instance/exec_sequence), that owns the client until the program runs;
 * then superd closes its copy of the connection. When such a start fails, the client's listener may belong to another
 * service already. */
#include "superd/service/pending.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/clock.h"
#include "lib/fd.h"
#include "lib/scan.h"
#include "lib/uninitialized.h"
#include "superd/service/accept_state.h"
#include "superd/service/admission_state.h"
#include "superd/service/builtin_channel.h"
#include "superd/service/datagram_drop.h"
#include "superd/service/fd_shortage.h"
#include "superd/service/refuse.h"
#include "superd/service/shared_clients.h"
#include "superd/service/start_log.h"
#include "superd/service/tcpmux.h"
#include "superd/service/xinetd_record.h"
#include "superd/instance/cleanup.h"
#include "superd/instance/exec_sequence.h"
#include "superd/instance/notify.h"
#include "superd/instance/notify_state.h"
#include "superd/instance/warm_pool.h"
#include "superd/loop/close_socket.h"
#include "superd/loop/unreaped.h"
#include "superd/instance/start_request.h"
#include "superd/instance/service_list.h"
#include "table/option/option_name.h"
#include "table/services/diff.h"
#include "table/services/table.h"

struct pending_start {
	struct exec_sequence sequence;
	struct pending_client pending;  /* its listener NULL: not counted in starting_clients any more */
	const struct endpoint *endpoint; /* that of its listener, once recall_pending has taken it from there */
	struct table *table;            /* table of the endpoint, referenced; NULL: it was not taken */
};

static struct pending_start *pending_start_of(struct exec_sequence *sequence)
{
	return container_of(sequence, struct pending_start, sequence);
}

/* ---- what is counted for it ---- */

static const struct instance_ops pending_ops;

void pending_own(struct service_runtime *runtime, struct instance *instance)
{
	instance->context = runtime;
	instance->ops = &pending_ops;
}

/* Counts the client for per_source. The end of the instance gives the count back. */
static enum refusal count_source(struct service_runtime *runtime, const struct client *client,
				 struct instance *instance)
{
	const struct access_options *access = runtime->service->groups->access;

	if (access->per_source == UNLIMITED)
		return ADMITTED;
	if (!client_source(client, (unsigned)access->per_source_prefix, instance->client.source))
		return ADMITTED;
	if (!source_count_enter(&runtime->engine->instances->by_source, runtime, instance->client.source,
				access->per_source))
		return REFUSED_PER_SOURCE;
	instance->client.counted = true;
	return ADMITTED;
}

enum refusal pending_enter(struct service_runtime *runtime, struct pending_client *pending)
{
	struct instance *instance = instance_new(runtime->engine, runtime->service);
	enum refusal refusal;

	if (!instance)
		return REFUSED_MEMORY;
	pending_own(runtime, instance);
	refusal = count_source(runtime, &pending->client, instance);
	if (refusal) {
		instance_free(instance);
		return refusal;
	}
	pending->instance = instance;
	return ADMITTED;
}

bool pending_fits(const struct service_runtime *runtime, const struct pending_client *pending)
{
	const struct access_options *access = runtime->service->groups->access;
	const struct source_counts *counts = &runtime->engine->instances->by_source;
	unsigned char source[SOURCE_SIZE];

	if (instances_are_full(runtime->engine) || runtime_is_full(runtime))
		return false;
	return access->per_source == UNLIMITED ||
	       !client_source(&pending->client, (unsigned)access->per_source_prefix, source) ||
	       source_count_count(counts, runtime, source) < (uint64_t)access->per_source;
}

void pending_leave(struct service_runtime *runtime, struct pending_client *pending)
{
	if (pending->instance->client.counted)
		source_count_leave(&runtime->engine->instances->by_source, runtime, pending->instance->client.source);
	instance_free(pending->instance);
	pending->instance = NULL;
}

void pending_dismiss(struct service_runtime *runtime, struct pending_client *pending)
{
	if (!pending->instance)
		return;
	pending_leave(runtime, pending);
	runtime->instance_count--;
	runtime_note_phase(runtime);
}

enum refusal pending_park(struct service_runtime *runtime, const struct pending_client *pending)
{
	if (runtime_refuses(runtime))
		return REFUSED_BACKOFF;
	if (!listener_park(pending->listener, &pending->client, pending->progress, pending->until))
		return REFUSED_UNKEPT;
	if (pending->until)
		tcpmux_wait(runtime->engine, pending->until);
	return ADMITTED;
}

/* Fewer clients start at once after a failure, and where the starts are processes that share the little which the row
 * leaves them, and nothing else takes their time. */
size_t pending_start_room(const struct service_runtime *runtime)
{
	const struct plan *plan = runtime->run->kit.plan;
	bool shares_little = plan && plan->gets_less_time && !plan->has_steps;
	unsigned most = runtime->backoff.failures ? 1 : shares_little ? STARTING_LITTLE : STARTING_MOST;
	unsigned starting = accept_state_find(runtime) ? runtime->run->accept->starting_clients : 0;

	return starting < most ? most - starting : 0;
}

/* ---- its start ---- */

/* Makes its own plan, if its service has one for each client (for %{instance}). false: that failed, for the reason in
 * why. */
static bool make_plan(struct service_runtime *runtime, struct pending_client *pending, struct buf *why)
{
	struct instance *instance = pending->instance;

	if (!runtime->run->kit.plan->per_connection || (instance->sequence && instance->plan))
		return true;
	if (!*pending->name) {
		client_instance_name(&pending->client, runtime->run->accept->named_instances++, pending->name,
				     sizeof(pending->name));
		runtime_note_change(runtime);   /* no other gets this number */
	}
	plan_free(instance->plan);
	instance->plan = runtime_make_plan(runtime, runtime->service, pending->name, why);
	return instance->plan;
}

struct start_note pending_note(const struct service_runtime *runtime, const struct pending_client *pending)
{
	int client = -1, channel = pending->instance ? builtin_channel_descriptor(pending->instance, &client) : -1;

	return (struct start_note){
		.owner = runtime_number(runtime), .client = guard_noted_fd(pending->client.fd),
		.channel = guard_noted_fd(channel), .channel_client = guard_noted_fd(client),
	};
}

/* Prepares its descriptors and fills the request of its start. false: that failed, for the reason in why. */
static bool equip(struct service_runtime *runtime, struct pending_client *pending, struct spawn_request *launch,
		  struct buf *why)
{
	struct instance *instance = pending->instance;
	int socket = pending->client.fd < 0 ? pending->listener->fd : pending->client.fd;

	instance->service = runtime->service;   /* a reload may have changed it since */
	if (!make_plan(runtime, pending, why))
		return false;
	if (!notify_join(runtime->run->kit.notify, instance)) {
		buf_text(why, "out of memory");
		return false;   /* fd_map has nothing to close yet: it is made from here on */
	}
	if (launch_wire(&pending->fd_map, runtime, socket, pending->listener->listen->name, why) &&
	    builtin_channel_open(runtime, instance, &pending->fd_map, &pending->client, why)) {
		launch_fill_for(launch, runtime, &pending->fd_map, &pending->client, &pending->caller);
		launch->private_id = instance_private_tmp(instance);
		launch->plan = instance->plan ? instance->plan : launch->plan;
		if (instance_cgroup_enter(&instance->cgroup, runtime->engine, runtime->service, launch, why)) {
			launch->note = pending_note(runtime, pending);
			return true;
		}
	}
	if (!why->length)
		buf_text(why, "out of memory");
	fd_map_close(&pending->fd_map);
	return false;
}

/* Called after the start was tried. false: it has failed, and why has the reason, unless it had one before. */
static bool take_launch(struct service_runtime *runtime, struct pending_client *pending,
			const struct spawn_request *launch, struct buf *why)
{
	fd_map_close(&pending->fd_map);
	if (launch->pid >= 0) {
		shared_clients_begin(pending->instance, launch->pid);
		return true;
	}
	start_kit_note_fault(&runtime->run->kit, &launch->fault);
	if (!why->length)
		launch_describe_fault(runtime->service, &launch->fault, why);
	return false;
}

/* Its instance is ready. */
static void begin_running(struct instance *instance)
{
	instance_limit(instance, instance->service->groups->lifecycle->runtime_max);
	notify_state_watch(instance);
}

static void log_start(struct service_runtime *runtime, const struct pending_client *pending, pid_t pid)
{
	struct event event = { .name = "started", .service = runtime->service->name, .pid = pid };
	enum level level = xinetd_record_run_level(runtime);

	event.peer = pending->caller.address;
	if (log_wants(runtime->engine->log, level))
		log_event(runtime->engine->log, level, &event, "started, pid %ld, for %s", (long)pid,
			  *event.peer ? event.peer : "a local client");
}

/* Notes the client's address, and the time since superd began to accept its batch. If memory is short, the instance
 * has no address. */
static void note_peer(struct service_runtime *runtime, const struct pending_client *pending)
{
	struct service_stats *stats = &runtime->run->stats;
	const char *peer = pending->caller.address;
	double now = clock_now();

	snprintf(stats->last_peer, sizeof(stats->last_peer), "%.63s", peer);
	pending->instance->client.peer = *peer ? strdup(peer) : NULL;
	stats->last_latency = now - stats->last_request;
	histogram_add(&stats->latency, stats->last_latency);
	if (history_set_delay(&runtime->run->history, false, now))
		history_set_client(&runtime->run->history, false, stats->last_peer);
	stats->failing = false;
}

void pending_note_start(struct service_runtime *runtime, const struct pending_client *pending)
{
	struct instance *instance = pending->instance;

	if (!instance->sequence)
		list_add(&runtime->run->instances, &instance->link);
	runtime->run->stats.activations++;
	runtime->run->stats.last_start = clock_now();
	note_peer(runtime, pending);
	if (instance_is_starting(instance))
		instance_limit(instance, runtime->service->groups->lifecycle->timeout_start);
	else if (!instance->sequence)
		begin_running(instance);
	else
		instance_limit(instance, SCAN_INFINITY);
	log_start(runtime, pending, instance->pid);
	xinetd_record_start(runtime, instance->pid, &pending->client);
}

size_t pending_share(struct service_runtime *runtime, struct pending_client *pending, size_t count)
{
	size_t left = 0;
	pid_t pid;

	for (size_t n = 0; n < count; n++) {
		struct pending_client *one = &pending[n];

		if (one->client.fd < 0 || !shared_clients_give(runtime, one->instance, &one->client, &pid)) {
			if (left++ != n)
				pending[left - 1] = *one;
			continue;
		}
		one->instance->service = runtime->service;
		instance_begin(one->instance, pid, clock_now());
		client_address(&one->client, one->caller.address, sizeof(one->caller.address));
		pending_note_start(runtime, one);
		runtime_note_change(runtime);
		close_socket_client(runtime->engine, runtime->service->name, &one->client);
	}
	return left;
}

/* ---- its exec sequence ---- */

static bool launch_pending(struct instance *instance, struct spawn_request *launch, struct buf *why)
{
	struct exec_sequence *sequence = instance->sequence;
	struct service_runtime *runtime = sequence->runtime;
	struct pending_client *pending = &pending_start_of(sequence)->pending;

	if (!runtime_prepare_start(runtime, why) || !equip(runtime, pending, launch, why))
		return false;
	launch->invocation = sequence->command.invocation;
	launch->checks = sequence->command.checks && launch->plan->condition_count;
	unreaped_start(runtime->engine, launch);
	runtime_note_change(runtime);
	return take_launch(runtime, pending, launch, why);
}

static void forget_endpoint(struct pending_start *start)
{
	if (start->table)
		table_release(start->table);
	start->table = NULL;
}

static void note_run(struct instance *instance)
{
	struct exec_sequence *sequence = instance->sequence;
	struct service_runtime *runtime = sequence->runtime;
	struct pending_client *pending = &pending_start_of(sequence)->pending;
	struct accept_state *state = runtime->run->accept;
	bool is_connection = pending->client.fd >= 0;

	forget_endpoint(pending_start_of(sequence));
	shared_clients_welcome(instance);
	close_socket_client(runtime->engine, runtime->service->name, &pending->client);
	pending_note_start(runtime, pending);
	runtime->run->stats.skipped_starts = 0;
	if (is_connection)              /* whether a datagram was read is known only at the end */
		backoff_reset(&runtime->backoff);
	if (!pending->listener)
		return;                 /* recall_pending has counted it off */
	state->starting_clients--;      /* one start less is under way: superd may accept again */
	if (runtime_next_state(runtime) == FULL && !runtime_is_full(runtime) && !state->recalling)
		runtime_post(runtime, ROOM);
}

/* Parks the client at its listener again, or refuses it if the listener has closed. */
static void give_back(struct service_runtime *runtime, struct pending_client *pending)
{
	enum refusal refusal;

	pending->instance = NULL;
	if (pending->client.fd < 0)
		return;
	refusal = pending->listener && listener_is_open(pending->listener) ? pending_park(runtime, pending)
									   : REFUSED_CLOSED;
	if (refusal)
		refuse_pending(runtime, pending, refusal);
	pending->client.fd = -1;
}

/* Gives the client back before the listeners change. A start whose process was launched keeps it, until it fails
 * (pass_on). */
static void recall_pending(struct exec_sequence *sequence)
{
	struct pending_start *start = pending_start_of(sequence);
	struct pending_client *pending = &start->pending;

	if (!pending->listener)
		return;
	if (sequence->instance->state != INSTANCE_LAUNCHED)
		give_back(sequence->runtime, pending);
	start->endpoint = pending->listener->listen->endpoint;
	start->table = sequence->runtime->table;
	start->table->users++;
	pending->listener = NULL;
	sequence->runtime->run->accept->starting_clients--;
}

/* Returns the listener that has the client's endpoint since recall_pending, of this service or of another, or NULL. */
static struct listener *find_heir(const struct pending_start *start)
{
	const struct service_list *service_list = start->sequence.runtime->engine->service_list;

	for (size_t n = 0; n < service_list->count; n++) {
		struct service_runtime *runtime = service_list->runtimes[n];

		for (size_t i = 0; runtime && runtime->service->exec->accept && i < runtime->listener_count; i++) {
			struct listener *listener = &runtime->listeners[i];

			if (listener_has_socket(listener) &&
			    endpoint_equal(listener->listen->endpoint, start->endpoint))
				return listener;
		}
	}
	return NULL;
}

/* The start has failed after recall_pending. The client goes where it would be if it had been given back then. */
static void pass_on(struct pending_start *start)
{
	struct pending_client *pending = &start->pending;
	struct listener *heir = start->table && pending->client.fd >= 0 ? find_heir(start) : NULL;
	struct service_runtime *runtime = heir ? heir->runtime : NULL;

	if (!runtime)
		return;
	pending->listener = heir;
	if (pending->progress == ADMISSION_PASSED)
		pending->progress = BANNER_SUCCESS_SENT;
	give_back(runtime, pending);
	if (runtime_next_state(runtime) == LISTENING && accept_state_make(runtime))
		runtime_start_timer(runtime, 0);        /* in another state its next step serves the client */
}

static void drop_pending(struct instance *instance)
{
	struct pending_start *start = instance->sequence ? pending_start_of(instance->sequence) : NULL;

	builtin_channel_free(instance);
	shared_clients_leave(instance);
	if (!start)
		return;
	exec_sequence_free(&start->sequence);
	close_socket_client(instance->engine, instance->service->name, &start->pending.client);
	forget_endpoint(start);
	instance->sequence = NULL;
	free(start);
}

static void post_failure(struct service_runtime *runtime, const struct client *client, const struct ending *ending,
			 const char *why)
{
	if (ending->stopped)
		return;
	if (result_is_good(ending->result)) {
		start_log_skip(runtime, why);
		runtime_post(runtime, LIMITED);
	} else {
		start_log_failure(runtime, client, why);
		runtime_post(runtime, EXEC_ERROR);
	}
}

static void handle_failed_start(struct instance *instance, const struct ending *ending)
{
	struct exec_sequence *sequence = instance->sequence;
	struct service_runtime *runtime = sequence->runtime;
	struct pending_client *pending = &pending_start_of(sequence)->pending;
	struct client client = pending->client;
	struct buf why = sequence->why;
	bool retired = instance->retired || !pending->listener;

	sequence->why = (struct buf){ 0 };
	if (instance->client.busy)
		instance->client.busy->busy = false;
	if (!pending->listener)
		pass_on(pending_start_of(sequence));
	give_back(runtime, pending);
	if (!retired)
		runtime->run->accept->starting_clients--;
	if (!instance->retired)
		runtime->instance_count--;
	runtime_note_phase(runtime);
	instance_free(instance);
	if (!retired) {
		post_failure(runtime, &client, ending, buf_string(&why));
		if (!runtime_is_full(runtime))
			runtime_post(runtime, ROOM);
	}
	buf_free(&why);
}

/* ---- its end ---- */

/* The instance was not ready in time, or has reached runtime_max. */
static void limit_pending(struct instance *instance)
{
	struct event event = { .name = "stopping", .service = instance->service->name, .pid = instance->pid };

	if (instance_is_starting(instance)) {
		instance->facts.failed = true;
		log_event(instance->engine->log, LEVEL_NOTICE, &event,
			  "stopping pid %ld: it was not ready within %s", (long)instance->pid,
			  option_name_of(instance->service, "timeout_start"));
	}
	instance_expire(instance);
}

static void release_if_empty(struct service_runtime *runtime)
{
	if (!runtime_is_empty(runtime) || warm_pool_is_used(runtime))
		return;
	cleanup_remove(runtime);
	start_kit_rest(&runtime->run->kit);
}

/* The instance has run, and has ended. */
static void handle_end(struct service_runtime *runtime, struct instance *instance, const struct ending *ending)
{
	bool retired = instance->retired, unread, failed;

	builtin_channel_finish(instance);
	start_kit_drain(&runtime->run->kit, runtime_is_empty(runtime));
	failed = start_log_end(runtime, instance, ending);
	if (instance->client.busy)
		datagram_take_back(instance);
	unread = instance->client.unread;
	instance_free(instance);
	release_if_empty(runtime);
	if (!retired) {
		runtime->instance_count--;
		runtime_note_phase(runtime);
		runtime_post(runtime, failed ? CRASHED : EXITED);
		if (!runtime_is_full(runtime))
			runtime_post(runtime, ROOM);
		if (runtime_is_empty(runtime))
			runtime_post(runtime, GONE);
		if (unread)
			runtime_post(runtime, EXEC_ERROR);
	}
}

static void end_instance(struct instance *instance, const struct ending *ending)
{
	struct service_runtime *runtime = instance->context;
	bool retired = instance->retired;

	if (instance->client.counted)
		source_count_leave(&runtime->engine->instances->by_source, runtime, instance->client.source);
	if (instance->sequence && !instance->sequence->has_run) {
		handle_failed_start(instance, ending);
		release_if_empty(runtime);
		if (!retired && runtime_is_empty(runtime))
			runtime_post(runtime, GONE);
	} else {
		handle_end(runtime, instance, ending);
		fd_shortage_pass(runtime->engine);
	}
	runtime->engine->admission->slot_freed = true;
	runtime_post(runtime, LOOK);
}

static const struct instance_ops pending_ops = {
	.launch = launch_pending,
	.runs = note_run,
	.ready = begin_running,
	.limit = limit_pending,
	.ended = end_instance,
	.drop = drop_pending,
};

void pending_recall(struct service_runtime *runtime)
{
	LIST_EACH(link, runtime_instances(runtime)) {
		struct exec_sequence *sequence = container_of(link, struct instance, link)->sequence;

		if (!sequence || sequence->instance->ops != &pending_ops || sequence->has_run)
			continue;
		exec_status_settle(&sequence->exec_status, false);
		if (!sequence->has_run)
			recall_pending(sequence);
		exec_sequence_retire(sequence, true);
	}
}

/* Passes the client's address and port to the commands of the sequence. */
static void set_client_variables(struct pending_start *start)
{
	struct pending_client *pending = &start->pending;

	client_address(&pending->client, pending->caller.address, sizeof(pending->caller.address));
	start->sequence.command.remote_address = pending->caller.address;
	start->sequence.command.remote_port = client_port(&pending->client);
}

struct exec_sequence *pending_load_sequence(struct service_runtime *runtime, struct instance *instance,
					    const struct pending_client *pending, bool has_run)
{
	struct pending_start *start = calloc(1, sizeof(*start));

	if (!start)
		return NULL;
	start->pending = *pending;
	start->pending.instance = instance;
	start->pending.fd_map.wanted = start->pending.fd_map.small;
	exec_sequence_load(&start->sequence, runtime, instance);
	set_client_variables(start);
	runtime->run->accept->starting_clients += !has_run && pending->listener;
	return &start->sequence;
}

void pending_load_plan(struct exec_sequence *sequence)
{
	struct service_runtime *runtime = sequence->runtime;
	struct event event = { .name = "upgraded", .service = runtime->service->name };
	struct pending_client *pending = NULL;
	struct buf why = { 0 };

	if (sequence->instance->ops == &pending_ops)
		pending = &pending_start_of(sequence)->pending;
	if (pending && *pending->name &&
	    (!runtime_prepare_start(runtime, &why) || !make_plan(runtime, pending, &why)))
		log_event(runtime->engine->log, LEVEL_ERROR, &event, "an instance has lost its name: %s",
			  why.length ? buf_string(&why) : "out of memory");
	buf_free(&why);
}

const struct pending_client *pending_of_sequence(struct exec_sequence *sequence)
{
	return sequence->instance->ops == &pending_ops ? &pending_start_of(sequence)->pending : NULL;
}

/* Begins the exec sequence, which owns the client from then on. false: that failed, for the reason in why; the client
 * was dismissed. */
static bool begin_sequence(struct service_runtime *runtime, struct pending_client *pending, struct buf *why)
{
	struct pending_start *start = calloc(1, sizeof(*start));
	struct instance *instance = pending->instance;

	if (!start || !make_plan(runtime, pending, why)) {
		free(start);
		if (!why->length)
			buf_text(why, "out of memory");
		pending_dismiss(runtime, pending);
		return false;
	}
	if (pending->client.fd >= 0)
		pending->client.fd = fd_raise(pending->client.fd, FD_HIGH);
	start->pending = *pending;
	start->pending.fd_map.wanted = start->pending.fd_map.small;
	pending->client.fd = -1;
	pending->instance = NULL;
	instance->service = runtime->service;
	exec_sequence_init(&start->sequence, runtime, instance);
	set_client_variables(start);
	list_add(&runtime->run->instances, &instance->link);
	runtime->run->accept->starting_clients++;
	/* Its first commands may send messages, too; a lack of memory shows at the launch of the main process. */
	notify_join(runtime->run->kit.notify, instance);
	exec_sequence_begin(&start->sequence);
	return true;
}

bool pending_launch(struct service_runtime *runtime, struct pending_client *pending, size_t count, struct buf *why)
{
	UNINITIALIZED struct spawn_request launches[PENDING_BATCH];
	bool by_sequence = exec_sequence_is_needed(runtime->run->kit.plan), good = true;
	size_t ready = 0;

	while (!by_sequence && ready < count && equip(runtime, &pending[ready], &launches[ready], why))
		ready++;
	unreaped_start_batch(runtime->engine, launches, ready);
	for (size_t n = 0; n < count; n++) {
		struct instance *instance = pending[n].instance;

		if (by_sequence && begin_sequence(runtime, &pending[n], why))
			continue;
		if (n < ready && take_launch(runtime, &pending[n], &launches[n], why)) {
			shared_clients_welcome(instance);
			instance_begin(instance, launches[n].pid, launches[n].begun);
			runtime_note_change(runtime);
			pending_note_start(runtime, &pending[n]);
			continue;
		}
		pending_dismiss(runtime, &pending[n]);
		good = false;
	}
	return good;
}

static const struct state_field pending_fields[] = {
	{ STATE_FIELD_AS(STATE_FD, pending_client, "client", client.fd) },
	{ STATE_STRUCT(pending_client, client, &client_state) },
	{ STATE_FIELD(pending_client, "progress", progress), .most = ADMISSION_PASSED, .missing = ADMISSION_PASSED },
	{ STATE_FIELD(pending_client, "instance_name", name) },
};
const struct field_table pending_state = FIELD_TABLE(NULL, pending_client, pending_fields);
