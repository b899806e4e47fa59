/* Clients whose instance has an exec sequence (superd/instance/exec_sequence). The sequence owns the client until the
 * program runs; then superd closes its copy of the connection. When a start fails, the client's listener may belong to
 * another service already. */
#include "superd/accept/pending_start.h"

#include <stdlib.h>

#include "lib/fd.h"
#include "superd/accept/accept_state.h"
#include "superd/accept/admission_state.h"
#include "superd/accept/builtin_channel.h"
#include "superd/accept/datagram_drop.h"
#include "superd/accept/fd_shortage.h"
#include "superd/accept/refuse.h"
#include "superd/accept/shared_clients.h"
#include "superd/accept/start_log.h"
#include "superd/instance/cleanup.h"
#include "superd/instance/exec_sequence.h"
#include "superd/instance/foreground.h"
#include "superd/instance/notify_receive.h"
#include "superd/instance/warm_pool.h"
#include "superd/loop/close_socket.h"
#include "superd/loop/unreaped.h"
#include "superd/runtime/prepare_start.h"
#include "superd/runtime/service_list.h"
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

/* Whether starts are processes that share the little which the row leaves them, and nothing else takes their time. */
static bool starts_share_little(const struct service_runtime *runtime)
{
	const struct plan *plan = runtime->run->kit.plan;

	return plan && plan->gets_less_time && !exec_sequence_has_steps(runtime->service, plan);
}

static unsigned starting_most(const struct service_runtime *runtime)
{
	if (runtime->backoff.failures)
		return 1;
	return starts_share_little(runtime) ? STARTING_LITTLE : STARTING_MOST;
}

size_t pending_start_room(const struct service_runtime *runtime)
{
	unsigned most = starting_most(runtime);
	unsigned starting = accept_state_find(runtime) ? runtime->run->accept->starting_clients : 0;

	return starting < most ? most - starting : 0;
}

bool pending_must_wait(const struct service_runtime *runtime)
{
	return !pending_start_room(runtime);
}

/* One start less is under way: superd may accept again. */
static void end_start(struct service_runtime *runtime)
{
	runtime->run->accept->starting_clients--;
	if (runtime_next_state(runtime) == FULL && !runtime_is_full(runtime) &&
	    !runtime->run->accept->recalling)
		runtime_post(runtime, ROOM);
}

static bool launch_pending(struct instance *instance, struct spawn_request *launch, struct buf *why)
{
	struct exec_sequence *sequence = instance->sequence;
	struct service_runtime *runtime = sequence->runtime;
	struct pending_client *pending = &pending_start_of(sequence)->pending;

	if (!runtime_prepare_start(runtime, why) || !pending_equip(runtime, pending, launch, why))
		return false;
	launch->invocation = sequence->command.invocation;
	launch->checks = sequence->command.checks && launch->plan->condition_count;
	launch->note = pending_note(runtime, pending);
	unreaped_start(runtime->engine, launch);
	runtime_note_change(runtime);
	fd_map_close(&pending->fd_map);
	if (launch->pid >= 0) {
		shared_clients_begin(instance, launch->pid);
		return true;
	}
	start_kit_note_fault(&runtime->run->kit, &launch->fault);
	launch_describe_fault(runtime->service, &launch->fault, why);
	return false;
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
	struct pending_client *pending = &pending_start_of(sequence)->pending;
	bool is_connection = pending->client.fd >= 0;

	forget_endpoint(pending_start_of(sequence));
	shared_clients_welcome(instance);
	close_socket_client(sequence->runtime->engine, sequence->runtime->service->name, &pending->client);
	pending_note_start(sequence->runtime, pending);
	sequence->runtime->run->stats.skipped_starts = 0;
	if (is_connection)              /* whether a datagram was read is known only at the end */
		backoff_reset(&sequence->runtime->backoff);
	if (pending->listener)          /* else recall_pending has counted it off */
		end_start(sequence->runtime);
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
	if (ending->stopped)
		foreground_note_failure(instance, buf_string(&why));
	instance_free(instance);
	if (!retired) {
		post_failure(runtime, &client, ending, buf_string(&why));
		if (!runtime_is_full(runtime))
			runtime_post(runtime, ROOM);
	}
	buf_free(&why);
}

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
	const struct ending seen = foreground_ending(instance, ending);
	bool retired = instance->retired, unread, failed;

	builtin_channel_finish(instance);
	start_kit_drain(&runtime->run->kit, runtime_is_empty(runtime));
	failed = start_log_end(runtime, instance, &seen);
	foreground_note_end(instance, ending->status);
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
	.ready = pending_begin_running,
	.limit = limit_pending,
	.ended = end_instance,
	.drop = drop_pending,
};

void pending_own(struct service_runtime *runtime, struct instance *instance)
{
	instance->context = runtime;
	instance->ops = &pending_ops;
}

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
	    (!runtime_prepare_start(runtime, &why) || !pending_plan(runtime, pending, &why)))
		log_event(runtime->engine->log, LEVEL_ERROR, &event, "an instance has lost its name: %s",
			  why.length ? buf_string(&why) : "out of memory");
	buf_free(&why);
}

const struct pending_client *pending_of_sequence(struct exec_sequence *sequence)
{
	return sequence->instance->ops == &pending_ops ? &pending_start_of(sequence)->pending : NULL;
}

bool pending_begin_sequence(struct service_runtime *runtime, struct pending_client *pending, struct buf *why)
{
	struct pending_start *start = calloc(1, sizeof(*start));
	struct instance *instance = pending->instance;

	if (!start || !pending_plan(runtime, pending, why)) {
		free(start);
		if (!why->length)
			buf_text(why, "out of memory");
		pending_dismiss(runtime, pending);
		give_back(runtime, pending);
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
	notify_receive_join(runtime->run->kit.notify, instance);
	exec_sequence_begin(&start->sequence);
	return true;
}

bool pending_begin_sequences(struct service_runtime *runtime, struct pending_client *pending, size_t count)
{
	struct client failed = { .fd = -1 };            /* the first client whose start could not begin */
	struct buf why = { 0 };
	bool good = true;

	for (size_t n = 0; n < count; n++) {
		struct client client = pending[n].client;

		if (pending_begin_sequence(runtime, &pending[n], &why))
			continue;
		if (good)
			failed = client;
		good = false;
	}
	if (!good)
		start_log_failure(runtime, &failed, buf_string(&why));
	buf_free(&why);
	return good;
}
