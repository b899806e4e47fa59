/* The program says by its channel that it has taken its connection. If superd learns of the program's end first, the
 * channel tells whether it had. */
#include "superd/service/handover.h"

#include <stdlib.h>

#include "lib/clock.h"
#include "lib/fd.h"
#include "os/guard/guard_link.h"
#include "superd/service/admission_state.h"
#include "superd/service/pending.h"
#include "superd/process/hold.h"
#include "superd/instance/warm_pool.h"
#include "superd/loop/close_socket.h"
#include "superd/loop/fd_watch.h"
#include "superd/loop/unreaped.h"

#define TAKE_SECONDS 2.                 /* until a program that does not take its client is killed */

struct handover {
	struct list link;               /* in engine->admission->handovers */
	struct service_runtime *runtime;
	struct pending_client pending;
	struct held_program *held;      /* the program, as its pool knows it */
	struct instance *instance;      /* of the program */
	int channel;
	struct watch watch;             /* of the channel */
	struct alarm limit;
	double begun;                   /* loop time */
	int32_t *noted;                 /* the guard's note that the program has got the client */
	void (*returned)(struct service_runtime *runtime, struct pending_client *pending);
};

/* Its instance and its client are somebody else's. */
static void handover_free(struct handover *handover)
{
	watch_stop(&handover->watch);
	alarm_stop(&handover->limit);
	close_socket_own(handover->runtime->engine, handover->runtime->service->name, &handover->channel);
	list_remove(&handover->link);
	free(handover);
}

/* The program has the client: its instance becomes the client's. */
static struct instance *give_instance(struct handover *handover)
{
	struct service_runtime *runtime = handover->runtime;
	struct pending_client *pending = &handover->pending;
	struct instance *instance = handover->instance, *placeholder = pending->instance;

	instance->client = placeholder->client;
	placeholder->client = (struct instance_client){ 0 };
	instance_free(placeholder);
	pending_own(runtime, instance);
	instance->service = runtime->service;
	instance->since = handover->begun;
	pending->instance = instance;
	warm_pool_release(handover->held);
	client_address(&pending->client, pending->caller.address, sizeof(pending->caller.address));
	runtime->run->stats.warm_taken++;
	pending_note_start(runtime, pending);
	runtime_note_change(runtime);
	close_socket_client(runtime->engine, runtime->service->name, &pending->client);
	handover_free(handover);
	return instance;
}

static void return_client(struct handover *handover)
{
	struct service_runtime *runtime = handover->runtime;
	struct pending_client pending = handover->pending;
	void (*returned)(struct service_runtime *runtime, struct pending_client *pending) = handover->returned;

	pending.fd_map.wanted = pending.fd_map.small;
	guard_forget_start(handover->noted);
	handover_free(handover);
	returned(runtime, &pending);
}

/* The program has ended, or will by SIGKILL. */
static void on_ended(struct instance *instance, const struct ending *ending)
{
	struct handover *handover = instance->context;
	struct ending its = *ending;

	if (hold_taken(handover->channel) != HOLD_TAKEN) {
		warm_pool_take_back(handover->held);
		instance->ops->ended(instance, &its);
		return_client(handover);
		return;
	}
	its.lasted = clock_now() - handover->begun;
	give_instance(handover);
	list_remove(&instance->link);
	instance->ops->ended(instance, &its);
}

static const struct instance_ops handover_ops = {
	.limit = instance_expire,
	.ended = on_ended,
};

/* The client goes back. */
static void lose_program(struct handover *handover)
{
	warm_pool_take_back(handover->held);
	instance_kill(handover->instance);
	return_client(handover);
}

static void on_channel(struct watch *watch, bool readable, bool writable)
{
	struct handover *handover = container_of(watch, struct handover, watch);
	enum hold_taken taken = hold_taken(handover->channel);

	(void)readable, (void)writable;
	if (taken == HOLD_WAITS)
		return;
	if (taken == HOLD_TAKEN)
		give_instance(handover);
	else
		lose_program(handover);
}

/* on_ended follows. */
static void on_limit(struct alarm *alarm)
{
	instance_kill(container_of(alarm, struct handover, limit)->instance);
}

static struct handover *handover_new(struct service_runtime *runtime, const struct pending_client *pending)
{
	struct handover *handover = calloc(1, sizeof(*handover));

	if (!handover)
		return NULL;
	handover->runtime = runtime;
	handover->pending = *pending;
	watch_init(&handover->watch, runtime->engine, on_channel);
	alarm_init(&handover->limit, runtime->engine, on_limit);
	return handover;
}

/* If superd dies in between, the next one gives the client again (superd/reload/saved_state). */
static bool send_client(struct handover *handover, int channel, pid_t program)
{
	struct start_note note = pending_note(handover->runtime, &handover->pending);

	note.pid = program;
	handover->noted = unreaped_note_handover(handover->runtime->engine, &note, channel);
	if (hold_give(channel, handover->pending.client.fd))
		return true;
	guard_forget_start(handover->noted);
	return false;
}

/* false: no program waits. */
static bool give_client(struct service_runtime *runtime, struct pending_client *pending,
			void (*returned)(struct service_runtime *runtime, struct pending_client *pending))
{
	struct handover *handover;
	struct held_program *held;
	struct instance *instance;
	int channel;

	if (pending->client.fd < 0)
		return false;
	while ((held = warm_pool_take(runtime, &instance, &channel))) {
		pending->client.fd = fd_raise(pending->client.fd, FD_HIGH);
		handover = handover_new(runtime, pending);
		if (handover && send_client(handover, channel, instance->pid)) {
			handover->held = held;
			handover->instance = instance;
			handover->channel = channel;
			handover->returned = returned;
			handover->begun = clock_now();
			instance->ops = &handover_ops;
			instance->context = handover;
			list_add(&runtime->engine->admission->handovers, &handover->link);
			watch_set(&handover->watch, channel, true, false);
			alarm_set(&handover->limit, TAKE_SECONDS);
			return true;
		}
		free(handover);
		close_socket_own(runtime->engine, runtime->service->name, &channel);
		warm_pool_take_back(held);
		instance_kill(instance);
	}
	return false;
}

size_t handover_begin(struct service_runtime *runtime, struct pending_client *pending, size_t count,
		      void (*returned)(struct service_runtime *runtime, struct pending_client *pending))
{
	size_t left = 0;

	if (!runtime->run->warm)
		return count;
	for (size_t n = 0; n < count; n++) {
		if (!give_client(runtime, &pending[n], returned) && left++ != n)
			pending[left - 1] = pending[n];
	}
	return left;
}

void handover_settle(struct engine *engine, const struct service_runtime *runtime)
{
	LIST_EACH(link, &engine->admission->handovers) {
		struct handover *handover = container_of(link, struct handover, link);

		if (runtime && handover->runtime != runtime)
			continue;
		switch (hold_taken(handover->channel)) {
		case HOLD_TAKEN:
		case HOLD_WAITS:
			give_instance(handover);
			break;
		case HOLD_NOT_TAKEN:
		case HOLD_WROTE:
			lose_program(handover);
			break;
		}
	}
}
