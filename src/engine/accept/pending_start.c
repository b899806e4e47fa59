/* Clients whose instance has a course (engine/instance/instance_event). The course has the client until the program
 * runs; from then on only the program has it. By the time a start fails, the client's listener may belong to another
 * runtime. */
#include "engine/accept/pending_start.h"

#include <stdlib.h>

#include "base/fd.h"
#include "config/option/option_name.h"
#include "engine/accept/accept_state.h"
#include "engine/accept/admission_state.h"
#include "engine/accept/builtin_channel.h"
#include "engine/accept/datagram_drop.h"
#include "engine/accept/fd_shortage.h"
#include "engine/accept/refuse.h"
#include "engine/accept/start_log.h"
#include "engine/core/close_socket.h"
#include "engine/core/unreaped.h"
#include "engine/instance/cleanup.h"
#include "engine/instance/instance_event.h"
#include "engine/instance/notify_receive.h"
#include "engine/runtime/prepare_start.h"

struct pending_departure {
	struct exec_sequence sequence;
	struct pending_client guest;    /* its listener NULL: the runtime goes on without the guest */
};

static struct pending_departure *departure_of(struct exec_sequence *sequence)
{
	return container_of(sequence, struct pending_departure, sequence);
}

bool pending_must_wait(const struct service_runtime *runtime)
{
	unsigned most = runtime->backoff.failures ? 1 : DEPARTING_MOST;

	return accept_state_find(runtime) && runtime->run->accept->starting_clients >= most;
}

/* One guest less is on its way. */
static void note_arrival(struct service_runtime *runtime)
{
	runtime->run->accept->starting_clients--;
	if (runtime_next_state(runtime) == FULL && !runtime_is_full(runtime) &&
	    !runtime->run->accept->recalling)
		runtime_post(runtime, ROOM);
}

static bool launch_guest(struct instance *instance, struct spawn_request *launch, struct buf *why)
{
	struct exec_sequence *sequence = instance->sequence;
	struct service_runtime *runtime = sequence->runtime;
	struct pending_client *guest = &departure_of(sequence)->guest;

	if (!runtime_prepare_start(runtime, why) || !pending_equip(runtime, guest, launch, why))
		return false;
	launch->invocation = sequence->control.invocation;
	launch->checks = sequence->control.checks && launch->plan->condition_count;
	unreaped_start(runtime->engine, launch);
	fd_map_close(&guest->fd_map);
	if (launch->pid >= 0)
		return true;
	start_kit_note_fault(&runtime->run->kit, &launch->fault);
	launch_describe_fault(runtime->service, &launch->fault, why);
	return false;
}

static void note_run(struct instance *instance)
{
	struct exec_sequence *sequence = instance->sequence;
	struct pending_client *guest = &departure_of(sequence)->guest;
	bool is_connection = guest->client.fd >= 0;

	close_socket_client(sequence->runtime->engine, sequence->runtime->service->name, &guest->client);
	pending_note_start(sequence->runtime, guest);
	sequence->runtime->run->stats.skipped_starts = 0;
	if (is_connection)              /* whether a datagram was read shows at its end */
		backoff_reset(&sequence->runtime->backoff);
	if (guest->listener)            /* else it was counted off when that went */
		note_arrival(sequence->runtime);
}

/* The guest goes back to its listener, or is refused if that has gone. */
static void give_back(struct service_runtime *runtime, struct pending_client *guest)
{
	enum refusal refusal;

	guest->instance = NULL;
	if (guest->client.fd < 0)
		return;
	refusal = guest->listener && listener_is_open(guest->listener) ? pending_park(runtime, guest) : REFUSED_CLOSED;
	if (refusal)
		refuse_guest(runtime, guest, refusal);
	guest->client.fd = -1;
}

/* The runtime goes on without the guest. A start that is under way keeps the client. */
static void recall(struct exec_sequence *sequence)
{
	struct pending_client *guest = &departure_of(sequence)->guest;

	if (!guest->listener)
		return;
	if (sequence->instance->state != INSTANCE_LAUNCHED)
		give_back(sequence->runtime, guest);
	guest->listener = NULL;
	sequence->runtime->run->accept->starting_clients--;
}

static void drop_guest(struct instance *instance)
{
	struct pending_departure *departure = instance->sequence ? departure_of(instance->sequence) : NULL;

	builtin_channel_free(instance);
	if (!departure)
		return;
	exec_sequence_free(&departure->sequence);
	close_socket_client(instance->engine, instance->service->name, &departure->guest.client);
	instance->sequence = NULL;
	free(departure);
}

static void tell_keeper(struct service_runtime *runtime, const struct client *client, const struct ending *ending,
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

static void end_unserved(struct instance *instance, const struct ending *ending)
{
	struct exec_sequence *sequence = instance->sequence;
	struct service_runtime *runtime = sequence->runtime;
	struct pending_client *guest = &departure_of(sequence)->guest;
	struct client client = guest->client;
	struct buf why = sequence->why;
	bool retired = instance->retired || !guest->listener;

	sequence->why = (struct buf){ 0 };
	if (instance->client.busy)
		instance->client.busy->busy = false;
	give_back(runtime, guest);
	if (!retired)
		runtime->run->accept->starting_clients--;
	if (!instance->retired)
		runtime->instance_count--;
	instance_free(instance);
	if (!retired) {
		tell_keeper(runtime, &client, ending, buf_string(&why));
		if (!runtime_is_full(runtime))
			runtime_post(runtime, ROOM);
	}
	buf_free(&why);
}

/* The instance was not ready in time, or has run for as long as it may. */
static void limit_guest(struct instance *instance)
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

static void clear_if_empty(struct service_runtime *runtime)
{
	if (!runtime_is_empty(runtime))
		return;
	cleanup_remove(runtime);
	start_kit_rest(&runtime->run->kit, runtime->engine);
}

/* The instance has run, and has ended. */
static void take_end(struct service_runtime *runtime, struct instance *instance, const struct ending *ending)
{
	bool retired = instance->retired, unread, failed;

	builtin_channel_finish(instance);
	start_kit_drain(&runtime->run->kit, runtime_is_empty(runtime));
	failed = start_log_end(runtime, instance, ending);
	if (instance->client.busy)
		datagram_take_back(instance);
	unread = instance->client.unread;
	instance_free(instance);
	clear_if_empty(runtime);
	if (!retired) {
		runtime->instance_count--;
		runtime_post(runtime, failed ? CRASHED : EXITED);
		if (!runtime_is_full(runtime))
			runtime_post(runtime, ROOM);
		if (runtime_is_empty(runtime))
			runtime_post(runtime, GONE);
		if (unread)
			runtime_post(runtime, EXEC_ERROR);
	}
}

static void end_guest(struct instance *instance, const struct ending *ending)
{
	struct service_runtime *runtime = instance->context;
	bool retired = instance->retired;

	if (instance->client.counted)
		source_count_leave(&runtime->engine->instances->by_source, runtime, instance->client.source);
	if (instance->sequence && !instance->sequence->has_run) {
		end_unserved(instance, ending);
		clear_if_empty(runtime);
		if (!retired && runtime_is_empty(runtime))
			runtime_post(runtime, GONE);
	} else {
		take_end(runtime, instance, ending);
		fd_shortage_pass(runtime->engine);
	}
	runtime->engine->admission->slot_freed = true;
	runtime_post(runtime, LOOK);
}

static const struct instance_ops guest_ops = {
	.launch = launch_guest,
	.runs = note_run,
	.ready = pending_begin_running,
	.limit = limit_guest,
	.ended = end_guest,
	.drop = drop_guest,
};

void pending_own(struct service_runtime *runtime, struct instance *instance)
{
	instance->context = runtime;
	instance->ops = &guest_ops;
}

void pending_recall(struct service_runtime *runtime)
{
	LIST_EACH(link, runtime_instances(runtime)) {
		struct exec_sequence *sequence = container_of(link, struct instance, link)->sequence;

		if (!sequence || sequence->instance->ops != &guest_ops || sequence->has_run)
			continue;
		exec_status_settle(&sequence->apart, false);
		if (!sequence->has_run)
			recall(sequence);
		exec_sequence_retire(sequence, true);
	}
}

/* The commands of the course get the client's address and port. */
static void tell_client(struct pending_departure *departure)
{
	struct pending_client *guest = &departure->guest;

	client_address(&guest->client, guest->caller.address, sizeof(guest->caller.address));
	departure->sequence.control.remote_address = guest->caller.address;
	departure->sequence.control.remote_port = client_port(&guest->client);
}

struct exec_sequence *pending_resume_course(struct service_runtime *runtime, struct instance *instance,
					    const struct pending_client *guest, bool has_run)
{
	struct pending_departure *departure = calloc(1, sizeof(*departure));

	if (!departure)
		return NULL;
	departure->guest = *guest;
	departure->guest.instance = instance;
	departure->guest.fd_map.wanted = departure->guest.fd_map.small;
	exec_sequence_resume(&departure->sequence, runtime, instance);
	tell_client(departure);
	runtime->run->accept->starting_clients += !has_run && guest->listener;
	return &departure->sequence;
}

void pending_resume_plan(struct exec_sequence *sequence)
{
	struct service_runtime *runtime = sequence->runtime;
	struct event event = { .name = "upgraded", .service = runtime->service->name };
	struct pending_client *guest = sequence->instance->ops == &guest_ops ? &departure_of(sequence)->guest : NULL;
	struct buf why = { 0 };

	if (guest && *guest->name &&
	    (!runtime_prepare_start(runtime, &why) || !pending_plan(runtime, guest, &why)))
		log_event(runtime->engine->log, LEVEL_ERROR, &event, "an instance has lost its name: %s",
			  why.length ? buf_string(&why) : "out of memory");
	buf_free(&why);
}

const struct pending_client *pending_of_course(struct exec_sequence *sequence)
{
	return sequence->instance->ops == &guest_ops ? &departure_of(sequence)->guest : NULL;
}

bool pending_depart(struct service_runtime *runtime, struct pending_client *guest, struct buf *why)
{
	struct pending_departure *departure = calloc(1, sizeof(*departure));
	struct instance *instance = guest->instance;

	if (!departure || !pending_plan(runtime, guest, why)) {
		free(departure);
		if (!why->length)
			buf_text(why, "out of memory");
		pending_dismiss(runtime, guest);
		give_back(runtime, guest);
		return false;
	}
	if (guest->client.fd >= 0)
		guest->client.fd = fd_raise(guest->client.fd, FD_HIGH);
	departure->guest = *guest;
	departure->guest.fd_map.wanted = departure->guest.fd_map.small;
	guest->client.fd = -1;
	guest->instance = NULL;
	instance->service = runtime->service;
	exec_sequence_init(&departure->sequence, runtime, instance);
	tell_client(departure);
	list_add(&runtime->run->instances, &instance->link);
	runtime->run->accept->starting_clients++;
	/* Its first commands may send messages, too; a lack of memory shows at the launch of the main process. */
	notify_receive_join(runtime->run->kit.notify, instance);
	exec_sequence_begin(&departure->sequence);
	return true;
}

bool pending_depart_all(struct service_runtime *runtime, struct pending_client *guests, size_t count)
{
	struct client failed = { .fd = -1 };            /* the first who could not be sent on */
	struct buf why = { 0 };
	bool good = true;

	for (size_t n = 0; n < count; n++) {
		struct client client = guests[n].client;

		if (pending_depart(runtime, &guests[n], &why))
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
