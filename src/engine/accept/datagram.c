/* Starts instances for bursts of datagrams. A datagram that instance after instance leaves in the queue would start
 * them for ever, so superd drops it after TRIES starts. superd knows it by the head of the queue
 * (os/netdiag/queue_ids). */
#include "engine/accept/datagram.h"

#include <sys/socket.h>

#include "base/fd.h"
#include "engine/accept/admission.h"
#include "engine/accept/guest_course.h"
#include "engine/accept/rest.h"
#include "engine/accept/run_say.h"
#include "engine/accept/sender.h"
#include "engine/accept/sensor.h"
#include "engine/core/leftover.h"
#include "engine/instance/course.h"

#define TRIES 3                         /* starts that one datagram may cause */
#define SENSED_MOST 64                  /* datagrams that a sensor reads in one turn */

/* An instance that had a listener has ended. If it read nothing, its datagram has cost a try. */
static void give_back(struct instance *instance)
{
	struct keeper *keeper = instance->context;
	struct listener *listener = instance->busy;
	const struct queue_ids before = { .count = 1, .id = &instance->head };

	if (!listener)
		return;                 /* retired: the keeper has taken it back */
	listener->busy = false;
	if (!instance->knows_head || queue_ids_have_moved(listener->io.fd, listener->listen, &before)) {
		listener->tries = 0;
		backoff_reset(&keeper->backoff);
		return;
	}
	instance->unread = true;
	keeper_pause(keeper, "an instance left its datagram unread");
	if (++listener->tries < TRIES)
		return;
	listener->tries = 0;
	sender_throw_away(keeper, listener, REFUSED_UNREAD);
}

static void note_head(struct instance *instance, const struct listener *listener)
{
	struct queue_ids backlog = { 0 };

	instance->knows_head = queue_ids_read(listener->io.fd, listener->listen, &backlog) && backlog.count;
	instance->head = instance->knows_head ? backlog.id[0] : 0;
	queue_ids_free(&backlog);
}

void datagram_lend(struct instance *instance, struct listener *listener)
{
	instance->busy = listener;
	instance->give_back = give_back;
	listener->busy = true;
}

/* The instance starts by a course, and has the listener from now on. */
static bool depart(struct keeper *keeper, struct guest *guest, struct buf *why)
{
	struct listener *listener = guest->listener;

	datagram_lend(guest->instance, listener);
	if (guest_depart(keeper, guest, why))
		return true;
	listener->busy = false;
	return false;
}

static bool start(struct keeper *keeper, struct guest *guest, struct buf *why)
{
	struct means *means = &keeper->activity->means;
	struct listener *listener = guest->listener;
	struct instance *instance = guest->instance;
	struct spawn_request launch;

	fd_set_nonblocking(listener->io.fd, listener->listen->options->non_blocking);
	note_head(instance, listener);
	if (!means_prepare(means, keeper->engine, keeper->service, keeper->listeners, why)) {
		guest_dismiss(keeper, guest);
		return false;
	}
	listener_give(listener, keeper->engine, means->plan->account);
	if (course_is_needed(keeper->service, means->plan))
		return depart(keeper, guest, why);
	if (!guest_equip(keeper, guest, &launch, why)) {
		guest_dismiss(keeper, guest);
		return false;
	}
	leftover_start(keeper->engine, &launch);
	if (!guest_begin(keeper, guest, &launch, why))
		return false;
	datagram_lend(instance, listener);
	return true;
}

/* A sensor starts nothing: it reads the datagrams away, a bounded number in a turn. */
static void sense(struct keeper *keeper, struct listener *listener)
{
	struct client client;

	for (int n = 0; n < SENSED_MOST && client_peek(listener->io.fd, &client); n++) {
		recv(listener->io.fd, NULL, 0, MSG_DONTWAIT);
		sensor_touch_unproven(keeper, &client);
	}
}

/* true: the sender of the first datagram may have an instance. Else the datagram was dropped, or its sender is being
 * asked about. */
static bool admit(struct keeper *keeper, struct guest *guest)
{
	enum refusal refusal = admission_judge(keeper, guest);
	enum sender_state state;

	if (refusal) {
		sender_throw_away(keeper, guest->listener, refusal);
		return false;
	}
	state = sender_ask(keeper, guest, &refusal);
	if (state == SENDER_MAY) {
		admission_count_arrival(keeper, &guest->client);
		return true;
	}
	guest_dismiss(keeper, guest);
	if (state == SENDER_MAY_NOT)
		sender_throw_away(keeper, guest->listener, refusal);
	return false;
}

static void serve_sender(struct keeper *keeper, struct listener *listener)
{
	struct guest guest = { .client.fd = -1, .listener = listener };
	struct buf why = { 0 };

	if (!client_peek(listener->io.fd, &guest.client))
		return; /* taken meanwhile, or an error report of an earlier answer: reading it clears it */
	if (!admit(keeper, &guest))
		return;
	keeper->activity->accepted++;
	if (!start(keeper, &guest, &why)) {
		run_say_failure(keeper, &guest.client, buf_string(&why));
		keeper_post(keeper, EXEC_ERROR);
	}
	buf_free(&why);
}

void datagram_serve(struct keeper *keeper, struct listener *listener)
{
	if (sensor_is(keeper->service))
		sense(keeper, listener);
	else if (keeper_is_full(keeper) && keeper->service->groups->access->overload == OVERLOAD_QUEUE)
		keeper_post(keeper, FILLED);
	else if (rest_is_due(keeper, NULL))
		keeper_post(keeper, LIMITED);
	else
		serve_sender(keeper, listener);
}
