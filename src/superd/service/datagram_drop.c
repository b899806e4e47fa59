/* Drops the datagram at the head of a queue: one whose sender is refused, or one that instance after instance leaves
 * there. That one would start them for ever, so superd drops it after TRIES starts. superd knows it by the head of
 * the queue (os/netdiag/queue_ids). */
#include "superd/service/datagram_drop.h"

#include <stdlib.h>
#include <sys/socket.h>

#include "lib/scm_rights.h"
#include "os/netdiag/queue_ids.h"
#include "superd/service/admission_state.h"
#include "superd/service/refuse.h"
#include "superd/loop/fd_receive.h"

#define TRIES 3                         /* starts that one datagram may cause */

static void on_dropped(struct fd_receive *reception, struct received *received)
{
	struct engine *engine = reception->worker.limit.engine;

	if (received)
		fd_receive_drop(engine, NULL, received);
	engine->admission->dropping = NULL;
	free(reception);
}

/* Another process, one at a time, receives the datagram at the head and drops the descriptors in it. false: one does
 * so already, or none can be started; superd tries again, as the datagram is still in the queue. */
static bool drop_beside(struct engine *engine, int socket)
{
	struct fd_receive *reception = engine->admission->dropping ? NULL : calloc(1, sizeof(*reception));

	if (!reception)
		return false;
	reception->received = on_dropped;
	if (!fd_receive_start(reception, engine, socket, RECEIVE_NOTHING)) {
		free(reception);
		return false;
	}
	engine->admission->dropping = reception;
	return true;
}

static bool is_unix(const struct listener *listener)
{
	return listener->listen->address->kind == ENDPOINT_UNIX_DGRAM;
}

/* A process that was a backend may have the socket, too. It may receive the datagram that superd has looked at, so
 * that superd's recv(2) would return another one; so another process receives it. */
void datagram_drop(struct service_runtime *runtime, struct listener *listener, enum refusal refusal)
{
	struct pending_client pending = { .listener = listener };
	bool carries;

	if (!client_peek(listener->fd, &pending.client) ||
	    scm_rights_peek(listener->fd, NULL, 0, &carries) < 0)
		return;
	if (!carries && !(listener_was_lent(listener) && is_unix(listener)))
		recv(listener->fd, NULL, 0, MSG_DONTWAIT);
	else if (!drop_beside(runtime->engine, listener->fd))
		return;
	refuse_pending(runtime, &pending, refusal);
}

/* An instance that had a listener has ended. If it read nothing, its datagram has cost a try. */
void datagram_take_back(struct instance *instance)
{
	struct service_runtime *runtime = instance->context;
	struct listener *listener = instance->client.busy;
	const struct queue_ids before = { .count = 1, .id = &instance->client.head };

	listener->busy = false;
	if (!instance->client.knows_head || queue_ids_have_moved(listener->fd, listener->listen, &before)) {
		listener->tries = 0;
		backoff_reset(&runtime->backoff);
		return;
	}
	instance->client.unread = true;
	runtime_pause(runtime, "an instance left its datagram unread");
	if (++listener->tries < TRIES)
		return;
	listener->tries = 0;
	datagram_drop(runtime, listener, REFUSED_UNREAD);
}
