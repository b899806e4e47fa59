/* An instance a connection. The hard thing is speed with fairness: what waits is accepted in a bounded batch, and
 * the batch's starts overlap (spawn_batch) when there is more than one.
 *
 * Who was accepted and then could not be given an instance is parked, and comes first once the pause is over: it
 * is no more lost than those still in the queue. */
#include "engine/serve.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "engine/datagram.h"
#include "engine/guest.h"
#include "engine/run.h"

#define BATCH PARKED_MOST

static void say_exhausted(struct keeper *keeper)
{
	struct event event = { .name = "exhausted", .service = keeper->service->name, .reason = strerror(errno) };

	means_free_resting(keeper->engine);
	engine_drop_spare(keeper->engine);
	log_event(keeper->engine->log, LEVEL_WARNING, &event, "cannot accept: %s: its clients wait", event.reason);
	engine_keep_spare(keeper->engine);
	keeper_pause(keeper, "cannot accept: %s", event.reason);
}

static bool must_queue(const struct keeper *keeper)
{
	return keeper_is_full(keeper) && keeper->service->gate->overload == OVERLOAD_QUEUE;
}

/* One more guest. false when this turn is over; *happening is what to tell the table then. */
static bool take_guest(struct keeper *keeper, struct listener *listener, struct guest *guest, enum happening *happening)
{
	if (must_queue(keeper)) {
		*happening = FILLED;
		return false;
	}
	guest->listener = listener;
	guest->client.fd = -1;
	guest->instance = NULL;
	switch (client_accept(listener->io.fd, listener->listen, &guest->client)) {
	case ACCEPTED:
	case ACCEPT_AGAIN:
		return true;
	case ACCEPT_EXHAUSTED:
		*happening = EXEC_ERROR;
		say_exhausted(keeper);
		return false;
	case ACCEPT_BROKEN:
		*happening = BIND_ERROR;
		listener_close(listener, keeper->engine);
		return false;
	case ACCEPT_NOTHING:
		break;
	}
	return false;
}

/* false: it was turned away. */
static bool admit(struct keeper *keeper, struct guest *guest)
{
	const char *reason = guest_admit(keeper, guest);

	if (reason)
		guest_refuse(keeper, guest, reason);
	return !reason;
}

static size_t accept_batch(struct keeper *keeper, struct listener *listener, struct guest *guests,
			   enum happening *happening)
{
	size_t most = keeper->backoff.failures ? 1 : BATCH, count = 0;

	if (listener->shared) /* accept must not block, whatever a backend of an earlier row still does with it */
		fd_set_nonblocking(listener->io.fd, true);
	for (size_t n = 0; n < most && take_guest(keeper, listener, &guests[count], happening); n++) {
		if (guests[count].client.fd < 0)
			continue;
		keeper->activity->accepted++;
		count += admit(keeper, &guests[count]);
	}
	return count;
}

/* Those who were accepted in an earlier turn. */
static size_t take_parked(struct keeper *keeper, struct listener *listener, struct guest *guests)
{
	struct parked *parked = listener->parked;
	size_t count = 0, left = 0;

	for (size_t n = 0; parked && n < parked->count; n++) {
		if (must_queue(keeper)) {
			parked->list[left++] = parked->list[n];
			continue;
		}
		guests[count] = (struct guest){ .client = parked->list[n], .listener = listener };
		count += admit(keeper, &guests[count]);
	}
	if (parked)
		parked->count = left;
	return count;
}

static void park(struct keeper *keeper, struct guest *guest)
{
	struct listener *listener = guest->listener;

	guest_dismiss(keeper, guest);
	if (!listener->parked)
		listener->parked = calloc(1, sizeof(*listener->parked));
	if (!listener->parked || listener->parked->count == PARKED_MOST)
		guest_refuse(keeper, guest, "it can be neither served nor kept");
	else
		listener->parked->list[listener->parked->count++] = guest->client;
}

static void forget_parked(struct listener *listener)
{
	if (!listener->parked || listener->parked->count)
		return;
	free(listener->parked);
	listener->parked = NULL;
}

/* Starts an instance for each guest; false when one could not be, and all those are parked. is_short: descriptors
 * may be out, held by the guests themselves, so the spare ones have to do for the first start. */
static bool start_batch(struct keeper *keeper, struct guest *guests, size_t count, bool is_short)
{
	struct launch launches[BATCH];
	struct buf why = { 0 };
	size_t ready = 0;
	bool good = true;

	if (is_short)
		engine_drop_spare(keeper->engine);
	while (ready < count && guest_equip(keeper, &guests[ready], &launches[ready], &why))
		ready++;
	spawn_batch(launches, ready);
	for (size_t n = 0; n < count; n++) {
		if (n < ready && guest_begin(keeper, &guests[n], &launches[n], &why)) {
			fd_close(&guests[n].client.fd);
			continue;
		}
		park(keeper, &guests[n]);
		good = false;
	}
	engine_keep_spare(keeper->engine);
	if (good)
		backoff_reset(&keeper->backoff);
	else
		run_say_failure(keeper, buf_string(&why));
	buf_free(&why);
	return good;
}

/* Before anybody is accepted: what all starts need must not be taken by those who wait for it. */
static bool prepare(struct keeper *keeper)
{
	struct buf why = { 0 };
	bool good = means_prepare(&keeper->activity->means, keeper->engine, keeper->service, keeper->listeners, &why);

	if (!good)
		run_say_failure(keeper, buf_string(&why));
	buf_free(&why);
	return good;
}

static void serve_connections(struct keeper *keeper, struct listener *listener)
{
	struct guest guests[BATCH];
	enum happening happening = ROOM;
	size_t count;

	if (!prepare(keeper)) {
		keeper_event(keeper, EXEC_ERROR);
		return;
	}
	count = take_parked(keeper, listener, guests);
	if (!count && listener_is_open(listener))
		count = accept_batch(keeper, listener, guests, &happening);
	if (count && !start_batch(keeper, guests, count, keeper->backoff.failures || happening == EXEC_ERROR))
		happening = EXEC_ERROR;
	forget_parked(listener);
	if (happening != ROOM)
		keeper_event(keeper, happening);
}

void serve_ready(struct keeper *keeper, struct listener *listener)
{
	if (keeper->state != LISTENING)
		return;
	if (!keeper_activity(keeper)) {
		keeper_event(keeper, EXEC_ERROR);
		return;
	}
	if (endpoint_accepts(listener->listen->endpoint))
		serve_connections(keeper, listener);
	else
		datagram_serve(keeper, listener);
	keeper_rewatch(keeper);
}
