/* Bursts of datagrams. The hard thing is a datagram that instance after instance leaves in the queue: it would
 * start them for ever, so after a few it is thrown away. It is known by what stands at the head of the queue
 * (sys/backlog). */
#include "engine/datagram.h"

#include <sys/socket.h>

#include "base/fd.h"
#include "engine/guest.h"
#include "engine/run.h"

#define TRIES 3                         /* starts a datagram may cost */

/* The first datagram's sender, for the gate and for REMOTE_ADDR. */
static bool peek_sender(int fd, struct client *client)
{
	ssize_t got;

	client->fd = -1;
	client->length = sizeof(client->peer.storage);
	got = recvfrom(fd, NULL, 0, MSG_PEEK | MSG_DONTWAIT | MSG_TRUNC, &client->peer.any, &client->length);
	if (got < 0)
		client->length = 0;
	return got >= 0;
}

static void throw_away(struct keeper *keeper, struct listener *listener, const char *reason)
{
	struct guest guest = { .listener = listener };

	if (!peek_sender(listener->io.fd, &guest.client))
		return;
	recv(listener->io.fd, NULL, 0, MSG_DONTWAIT);
	guest_refuse(keeper, &guest, reason);
}

/* An instance that had a listener has ended: whether it read anything decides what comes. */
static void give_back(struct instance *instance)
{
	struct keeper *keeper = instance->context;
	struct listener *listener = instance->busy;
	struct backlog before = { .count = 1, .id = { instance->head } };

	if (!listener)
		return;                 /* retired: the keeper has taken it back */
	listener->busy = false;
	if (!instance->knows_head || backlog_moved(listener->io.fd, listener->listen, &before)) {
		listener->tries = 0;
		backoff_reset(&keeper->backoff);
		return;
	}
	instance->unread = true;
	keeper_pause(keeper, "an instance left its datagram unread");
	if (++listener->tries < TRIES)
		return;
	listener->tries = 0;
	throw_away(keeper, listener, "no instance reads it");
}

static bool start(struct keeper *keeper, struct guest *guest, struct buf *why)
{
	struct listener *listener = guest->listener;
	struct instance *instance = guest->instance;
	struct backlog backlog;
	struct launch launch;

	fd_set_nonblocking(listener->io.fd, listener->listen->options->non_blocking);
	if (!means_prepare(&keeper->activity->means, keeper->engine, keeper->service,
			   keeper->listeners, why) || !guest_equip(keeper, guest, &launch, why)) {
		guest_dismiss(keeper, guest);
		return false;
	}
	instance->knows_head = backlog_take(listener->io.fd, listener->listen, &backlog) && backlog.count;
	instance->head = instance->knows_head ? backlog.id[0] : 0;
	spawn_start(&launch);
	if (!guest_begin(keeper, guest, &launch, why))
		return false;
	instance->busy = listener;
	instance->give_back = give_back;
	listener->busy = true;
	return true;
}

void datagram_serve(struct keeper *keeper, struct listener *listener)
{
	struct guest guest = { .client.fd = -1, .listener = listener };
	struct buf why = { 0 };
	const char *reason;

	if (keeper_is_full(keeper) && keeper->service->gate->overload == OVERLOAD_QUEUE) {
		keeper_event(keeper, FILLED);
		return;
	}
	if (!peek_sender(listener->io.fd, &guest.client))
		return; /* taken meanwhile, or an error report of an earlier answer: reading it clears it */
	reason = guest_admit(keeper, &guest);
	if (reason) {
		throw_away(keeper, listener, reason);
		return;
	}
	keeper->activity->accepted++;
	if (!start(keeper, &guest, &why)) {
		run_say_failure(keeper, buf_string(&why));
		keeper_event(keeper, EXEC_ERROR);
	}
	buf_free(&why);
}
