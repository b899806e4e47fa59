/* Starts instances for bursts of datagrams. If instance after instance leaves the first datagram in the queue, superd
 * drops it in the end (superd/service/datagram_drop). It recognizes the datagram by the head of the queue
 * (os/netdiag/queue_ids). */
#include "superd/service/datagram.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "lib/fd.h"
#include "os/netdiag/queue_ids.h"
#include "superd/service/admission.h"
#include "superd/service/datagram_drop.h"
#include "superd/service/datagram_sender.h"
#include "superd/service/limit_pause.h"
#include "superd/service/pending.h"
#include "superd/service/sensor.h"
#include "superd/service/start_log.h"
#include "superd/instance/start_request.h"

#define SENSED_MOST 64                  /* datagrams that a sensor reads in one turn */

static void note_head(struct instance *instance, const struct listener *listener)
{
	struct queue_ids backlog = { 0 };

	instance->client.knows_head = queue_ids_read(listener->fd, listener->listen, &backlog) && backlog.count;
	instance->client.head = instance->client.knows_head ? backlog.id[0] : 0;
	queue_ids_free(&backlog);
}

void datagram_lend(struct instance *instance, struct listener *listener)
{
	instance->client.busy = listener;
	listener->busy = true;
}

static bool start_instance(struct service_runtime *runtime, struct pending_client *pending, struct buf *why)
{
	struct start_kit *kit = &runtime->run->kit;
	struct listener *listener = pending->listener;
	struct instance *instance = pending->instance;

	fd_set_nonblocking(listener->fd, listener->listen->options->non_blocking);
	note_head(instance, listener);
	if (!runtime_prepare_start(runtime, why)) {
		pending_dismiss(runtime, pending);
		return false;
	}
	if (!listener_filter_lent(listener, runtime->engine, runtime->service->name, why)) {
		pending_dismiss(runtime, pending);
		return false;
	}
	if (!listener_give(listener, runtime->engine, kit->plan->account)) {
		buf_addf(why, "remembering the address of %s: %s", listener->listen->name, strerror(errno));
		pending_dismiss(runtime, pending);
		return false;
	}
	datagram_lend(instance, listener);
	runtime_note_change(runtime);   /* the next superd must not call what this process may lock */
	if (pending_launch(runtime, pending, 1, why))
		return true;
	listener->busy = false;
	return false;
}

/* A sensor starts nothing: superd reads its datagrams, a bounded number in a turn. */
static void read_at_sensor(struct service_runtime *runtime, struct listener *listener)
{
	struct client client;

	for (int n = 0; n < SENSED_MOST && client_peek(listener->fd, &client); n++) {
		recv(listener->fd, NULL, 0, MSG_DONTWAIT);
		sensor_touch_unproven(runtime, &client);
	}
}

/* true: the sender of the first datagram may have an instance. Else the datagram was dropped, or its sender is being
 * asked about. */
static bool check_sender(struct service_runtime *runtime, struct pending_client *pending)
{
	enum refusal refusal = admission_judge(runtime, pending);
	enum sender_state state;

	if (refusal) {
		datagram_drop(runtime, pending->listener, refusal);
		return false;
	}
	if (!listener_guard(pending->listener, runtime->engine, runtime->service->name)) {
		runtime_post(runtime, LOOK);    /* not watched until that is done */
		return false;
	}
	state = datagram_sender_ask(runtime, pending, &refusal);
	if (state == SENDER_MAY) {
		admission_count_arrival(runtime, pending);
		return true;
	}
	pending_dismiss(runtime, pending);
	if (state == SENDER_MAY_NOT)
		datagram_drop(runtime, pending->listener, refusal);
	return false;
}

static void accept_sender(struct service_runtime *runtime, struct listener *listener)
{
	struct pending_client pending = { .client.fd = -1, .listener = listener };
	struct buf why = { 0 };

	if (!client_peek(listener->fd, &pending.client))
		return; /* taken meanwhile, or an error report of an earlier answer: reading it clears it */
	if (!check_sender(runtime, &pending))
		return;
	runtime->run->stats.accepted++;
	if (!start_instance(runtime, &pending, &why)) {
		start_log_failure(runtime, &pending.client, buf_string(&why));
		runtime_post(runtime, EXEC_ERROR);
	}
	buf_free(&why);
}

void datagram_serve(struct service_runtime *runtime, struct listener *listener)
{
	if (sensor_is(runtime->service))
		read_at_sensor(runtime, listener);
	else if (runtime_is_full(runtime) && runtime->service->groups->access->overload == OVERLOAD_QUEUE)
		runtime_post(runtime, FILLED);
	else if (!limit_pause_is_near(runtime, listener))
		accept_sender(runtime, listener);
	else if (limit_pause_begin(runtime, listener, NULL) == PAUSES_SERVICE)
		runtime_post(runtime, LIMITED);
}
