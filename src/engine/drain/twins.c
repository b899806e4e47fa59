/* Twins, from their opening to the end of the first sockets. An instance may end without having accepted all clients
 * of its sockets: some wait there, some are in a handshake. If the kernel moves them to the listeners
 * (os/socket/reuseport), nothing is left to do. If it does not, these sockets linger, and become listeners again for
 * the clients in their queues, while clients in the twins' queues wait for one more instance.
 *
 * A path always leads to the younger socket of its pair; if the older one has to be the listener, that must be as
 * short as possible. */
#include "engine/drain/twins.h"

#include <stdlib.h>

#include "engine/core/closing.h"
#include "engine/listener/nodes.h"
#include "os/netdiag/foreign_socket.h"
#include "os/socket/bind.h"
#include "os/socket/reuseport.h"

#define HANDSHAKE 1.                    /* seconds that a handshake may take; the kernel repeats its part after that */

bool twins_have_clients(const struct twins *twins)
{
	for (size_t n = 0; n < twins->count; n++) {
		if (bind_has_queue(twins->pairs[n].other))
			return true;
	}
	return false;
}

static bool has_path(const struct twins *twins, size_t n)
{
	return endpoint_is_path(twins->keeper->listeners[n].listen->address);
}

/* Clients wait at the other socket of the pair, or will. */
static bool is_owed(const struct twins *twins, size_t n)
{
	const struct pair *pair = &twins->pairs[n];

	return pair->other >= 0 && (bind_has_queue(pair->other) || (pair->older && has_path(twins, n)));
}

static bool any_is_owed(const struct twins *twins)
{
	for (size_t n = 0; n < twins->count; n++) {
		if (is_owed(twins, n))
			return true;
	}
	return false;
}

/* While no instance has the listeners it suffices that one of those sockets is a listener again. */
static void serve(struct twins *twins)
{
	struct keeper *keeper = twins->keeper;

	if (!keeper->activity->current)
		twins_settle(keeper);
	keeper_post(keeper, keeper->activity->current ? DRAIN_DUE : LOOK);
}

static void on_late(struct ev_loop *loop, ev_timer *timer, int events)
{
	struct twins *twins = timer->data;
	struct keeper *keeper = twins->keeper;

	(void)loop, (void)events;
	if (twins->apart)
		return;
	if (any_is_owed(twins)) {
		serve(twins);
		return;
	}
	twins_end(twins);
	keeper_post(keeper, UNREACHABLE);       /* until now nothing was opened anew */
}

/* Runs once: clients that cannot be served now are served when the current instance is ready, or has ended. */
static void on_visit(struct ev_loop *loop, ev_io *io, int events)
{
	struct twins *twins = io->data;

	(void)events;
	ev_io_stop(loop, io);
	if (!twins->apart && any_is_owed(twins))
		serve(twins);
}

void twins_stop_lingering(struct twins *twins)
{
	for (size_t n = 0; n < twins->count; n++)
		ev_io_stop(twins->keeper->engine->loop, &twins->pairs[n].visit);
}

static void watch_visits(struct twins *twins)
{
	for (size_t n = 0; n < twins->count; n++) {
		struct pair *pair = &twins->pairs[n];

		ev_io_stop(twins->keeper->engine->loop, &pair->visit);
		if (twins->apart || pair->other < 0 || is_owed(twins, n) || bind_is_shut(pair->other))
			continue;
		ev_io_set(&pair->visit, pair->other, EV_READ);
		ev_io_start(twins->keeper->engine->loop, &pair->visit);
	}
}

struct twins *twins_new(struct keeper *keeper)
{
	struct twins *twins = calloc(1, sizeof(*twins) + keeper->listener_count * sizeof(twins->pairs[0]));

	if (!twins)
		return NULL;
	twins->keeper = keeper;
	if (!twins_wait_init(twins)) {
		free(twins);
		return NULL;
	}
	ev_init(&twins->late, on_late);
	twins->late.data = twins;
	twins->count = keeper->listener_count;
	for (size_t n = 0; n < twins->count; n++) {
		twins->pairs[n].other = -1;
		ev_init(&twins->pairs[n].visit, on_visit);
		twins->pairs[n].visit.data = twins;
	}
	return keeper->activity->twins = twins;
}

static void say_lack(const struct keeper *keeper, struct buf *why)
{
	struct event event = { .name = "twin", .service = keeper->service->name };

	if (why->length)
		log_event(keeper->engine->log, LEVEL_DEBUG, &event, "%s", buf_string(why));
}

/* Registrations with rpcbind go by descriptor, and clients of tcpmux come to no socket of the service. */
bool twins_may_have(const struct listener *listener)
{
	return listener_has_socket(listener) && !endpoint_is_rpc(listener->listen->endpoint) &&
	       reuseport_is_possible(listener->listen);
}

static void open_one(struct twins *twins, size_t n, struct buf *reason)
{
	struct listener *listener = &twins->keeper->listeners[n];
	struct engine *engine = twins->keeper->engine;
	struct buf why = { 0 }, warnings = { 0 };
	int fd = reuseport_open(listener->io.fd, listener->listen, &why, &warnings);

	if (fd >= 0)
		twins->pairs[n].other = listener_swap(listener, engine, fd);
	if (fd >= 0 && has_path(twins, n)) {    /* another node lies there now */
		nodes_forget(engine, listener->node);
		listener->node = nodes_watch(engine, listener->listen, listener->io.fd);
	}
	say_lack(twins->keeper, &why);
	if (reason && !reason->length)
		buf_add(reason, buf_string(&why), why.length);
	buf_free(&why);
	buf_free(&warnings);
}

/* false: no process could be started to tell the kernel where new clients must come; all is as before. */
static bool swap(struct twins *twins, size_t n)
{
	struct listener *listener = &twins->keeper->listeners[n];
	struct pair *pair = &twins->pairs[n];

	if (listener->listen->address->kind == ENDPOINT_TCP &&
	    !reuseport_select(listener->io.fd, pair->other, pair->older) && foreign_socket_is(listener->io.fd))
		return false;
	pair->older = !pair->older;
	pair->other = listener_swap(listener, twins->keeper->engine, pair->other);
	return true;
}

/* The instance has the listeners, and new clients must come to other sockets: to those where clients wait already, if
 * there are any. A listener that a path leads to gets a new twin for that. */
static void part(struct twins *twins, size_t n, struct buf *why)
{
	struct pair *pair = &twins->pairs[n];
	struct parted left = { .fd = pair->other };

	if (pair->other >= 0 && (pair->older || !has_path(twins, n))) {
		swap(twins, n);
		return;
	}
	if (pair->other >= 0) {
		twins_keep_for_later(twins, &left);
		pair->other = left.fd;
	}
	if (pair->other < 0 && twins_may_have(&twins->keeper->listeners[n]))
		open_one(twins, n, why);
}

static bool has_any(const struct twins *twins)
{
	for (size_t n = 0; n < twins->count; n++) {
		if (twins->pairs[n].other >= 0)
			return true;
	}
	return twins->leftovers;
}

void twins_open(struct keeper *keeper, struct buf *why)
{
	struct twins *twins = twins_of(keeper);

	if (!keeper->activity || (twins && twins->apart))
		return;
	if (!twins)
		twins = twins_new(keeper);      /* else it is kept since an instance that left clients behind */
	if (!twins)
		return;
	twins_stop_lingering(twins);
	twins->apart = true;
	for (size_t n = 0; n < twins->count; n++)
		part(twins, n, why);
	if (!has_any(twins))
		twins_free(keeper);
}

/* An instance has shut its socket down, and the other socket of the pair is still good. */
static bool has_lost_one(const struct twins *twins, size_t n)
{
	int other = twins->pairs[n].other;

	return other >= 0 && bind_is_shut(twins->keeper->listeners[n].io.fd) && !bind_is_shut(other);
}

/* A handshake with the other socket may be under way. With a unix socket that takes no time, unless a path led to it
 * until now. */
static bool is_expected(const struct twins *twins, size_t n)
{
	const struct pair *pair = &twins->pairs[n];

	return pair->other >= 0 && !bind_is_shut(pair->other) && (pair->older || !has_path(twins, n));
}

/* anew: until now clients could come to the other socket of a pair. true: the other socket is kept. */
static bool settle(struct twins *twins, size_t n, bool *anew)
{
	struct keeper *keeper = twins->keeper;
	struct pair *pair = &twins->pairs[n];
	bool swaps;

	if (twins_merge(keeper, &keeper->listeners[n], &pair->other))
		pair->older = false;
	swaps = is_owed(twins, n) || has_lost_one(twins, n);
	if (swaps && !swap(twins, n))
		return true;
	*anew = *anew || swaps;
	if (is_owed(twins, n) || (is_expected(twins, n) && (*anew || ev_is_active(&twins->late))))
		return true;
	if (pair->other >= 0)
		closing_close(keeper->engine, keeper->service->name, &pair->other);
	pair->older = false;
	return false;
}

void twins_settle(struct keeper *keeper)
{
	struct twins *twins = twins_of(keeper);
	struct event event = { .name = "twin", .service = keeper->service->name };
	bool any = false, anew;

	if (!twins)
		return;
	twins_stop_waiting(twins);
	twins_stop_lingering(twins);
	anew = twins->apart;
	twins->apart = false;
	for (size_t n = 0; n < twins->count; n++)
		any = settle(twins, n, &anew) || any;
	if (!any) {
		twins_end(twins);
		return;
	}
	log_event(keeper->engine->log, LEVEL_DEBUG, &event, "%s where its last instance was",
		  any_is_owed(twins) ? "clients are left" : "clients may still come");
	if (anew || !ev_is_active(&twins->late))
		twins_linger(twins);
	else
		watch_visits(twins);
}

/* With defer_accept a handshake is over when the client has sent something. */
static double handshake_time(const struct twins *twins)
{
	int64_t deferred = 0;

	for (size_t n = 0; n < twins->count; n++) {
		int64_t one = twins->keeper->listeners[n].listen->options->defer_accept;

		deferred = one > deferred ? one : deferred;
	}
	return HANDSHAKE + (double)deferred / 1e6;
}

void twins_linger(struct twins *twins)
{
	ev_timer_stop(twins->keeper->engine->loop, &twins->late);
	ev_timer_set(&twins->late, handshake_time(twins), 0.);
	ev_timer_start(twins->keeper->engine->loop, &twins->late);
	watch_visits(twins);
}

bool twins_are_owed(const struct keeper *keeper)
{
	const struct twins *twins = twins_of(keeper);

	return twins && !twins->apart && any_is_owed(twins);
}

void twins_name(struct keeper *keeper)
{
	struct twins *twins = twins_of(keeper);

	for (size_t n = 0; twins && n < twins->count; n++) {
		if (twins->pairs[n].other < 0 || !twins->pairs[n].older || !has_path(twins, n))
			continue;
		swap(twins, n);
		twins->apart = keeper->activity->current;
	}
}

void twins_rejoin(struct keeper *keeper)
{
	struct twins *twins = twins_of(keeper);
	bool any = false;

	if (!twins || !twins->apart)
		return;
	twins_stop_waiting(twins);
	twins->apart = false;
	for (size_t n = 0; n < twins->count; n++) {
		struct pair *pair = &twins->pairs[n];

		if (pair->other >= 0 && swap(twins, n) && twins_merge(keeper, &keeper->listeners[n], &pair->other))
			pair->older = false;
		any = is_expected(twins, n) || any;
	}
	if (any)
		twins_linger(twins);
	if (any_is_owed(twins))
		keeper_post(keeper, DRAIN_DUE);
	else if (!any)
		twins_end(twins);
}

struct leftover *twins_drop(struct twins *twins)
{
	struct leftover *leftovers = twins->leftovers;

	twins_stop_waiting(twins);
	twins_stop_lingering(twins);
	ev_timer_stop(twins->keeper->engine->loop, &twins->late);
	for (size_t n = 0; n < twins->count; n++) {
		if (twins->pairs[n].other >= 0)
			closing_close(twins->keeper->engine, twins->keeper->service->name, &twins->pairs[n].other);
	}
	twins->keeper->activity->twins = NULL;
	conn_query_free(&twins->clients);
	free(twins);
	return leftovers;
}

void twins_free(struct keeper *keeper)
{
	struct leftover *leftovers;

	if (!twins_of(keeper))
		return;
	twins_name(keeper);
	leftovers = twins_drop(twins_of(keeper));
	while (leftovers) {
		struct leftover *next = leftovers->next;

		if (leftovers->socket.fd >= 0)
			closing_close(keeper->engine, keeper->service->name, &leftovers->socket.fd);
		free(leftovers);
		leftovers = next;
	}
}
