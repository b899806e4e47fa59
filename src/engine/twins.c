/* Twins from their opening to the end of the first sockets. The hard thing is an instance that ends without having
 * taken all who wait at the sockets it had: those clients can't be moved. So these sockets come back as listeners, and
 * who is in the twins' queues waits for one more instance. A path always leads to the younger socket of its pair: where
 * the older one is the listener, that is for as short as can be. */
#include "engine/twins.h"

#include <poll.h>
#include <stdlib.h>

#include "base/fd.h"
#include "engine/closing.h"
#include "engine/nodes.h"
#include "sys/bind.h"
#include "sys/foreign_socket.h"
#include "sys/twin.h"

#define HANDSHAKE 1.                    /* seconds that one may take */

bool twins_has_queue(int fd)
{
	struct pollfd wait = { .fd = fd, .events = POLLIN };

	if (fd < 0 || poll(&wait, 1, 0) <= 0)
		return false;
	return wait.revents & POLLIN && !(wait.revents & (POLLHUP | POLLERR));
}

bool twins_have_clients(const struct twins *twins)
{
	for (size_t n = 0; n < twins->count; n++) {
		if (twins_has_queue(twins->pairs[n].other))
			return true;
	}
	return false;
}

static bool has_path(const struct twins *twins, size_t n)
{
	return endpoint_is_path(twins->keeper->listeners[n].listen->address);
}

/* Clients wait at the other one, or will. */
static bool is_owed(const struct twins *twins, size_t n)
{
	const struct pair *pair = &twins->pairs[n];

	return pair->other >= 0 && (twins_has_queue(pair->other) || (pair->older && has_path(twins, n)));
}

static bool any_is_owed(const struct twins *twins)
{
	for (size_t n = 0; n < twins->count; n++) {
		if (is_owed(twins, n))
			return true;
	}
	return false;
}

static void on_late(struct ev_loop *loop, ev_timer *timer, int events)
{
	struct twins *twins = timer->data;

	(void)loop, (void)events;
	if (twins->apart)
		return;
	if (any_is_owed(twins))
		twins->keeper->engine->actions->serve_owed(twins->keeper);
	else
		twins_end(twins);
}

struct twins *twins_new(struct keeper *keeper)
{
	struct twins *twins = calloc(1, sizeof(*twins) + keeper->listener_count * sizeof(twins->pairs[0]));
	struct tally *tallies = calloc(keeper->listener_count + 1, sizeof(*tallies));

	if (!twins || !tallies) {
		free(twins);
		free(tallies);
		return NULL;
	}
	twins->keeper = keeper;
	twins->tallies = tallies;
	twins_wait_init(twins);
	ev_init(&twins->late, on_late);
	twins->late.data = twins;
	twins->count = keeper->listener_count;
	for (size_t n = 0; n < twins->count; n++)
		twins->pairs[n].other = -1;
	return keeper->activity->twins = twins;
}

static void say_lack(const struct keeper *keeper, struct buf *why)
{
	struct event event = { .name = "twin", .service = keeper->service->name };

	if (why->length)
		log_event(keeper->engine->log, LEVEL_DEBUG, &event, "%s", buf_string(why));
}

/* Registrations with rpcbind go by descriptor, and somebody behind tcpmux comes to no socket. */
bool twins_may_have(const struct listener *listener)
{
	return listener_has_socket(listener) && !endpoint_is_rpc(listener->listen->endpoint) &&
	       twin_is_possible(listener->listen);
}

static void open_one(struct twins *twins, size_t n, struct buf *reason)
{
	struct listener *listener = &twins->keeper->listeners[n];
	struct engine *engine = twins->keeper->engine;
	struct buf why = { 0 }, warnings = { 0 };
	int fd = twin_open(listener->io.fd, listener->listen, &why, &warnings);

	if (fd >= 0)
		twins->pairs[n].other = listener_swap(listener, engine, fd_raise(fd, FD_HIGH));
	if (fd >= 0 && has_path(twins, n)) {    /* another node lies there now */
		nodes_forget(engine, listener->node);
		listener->node = nodes_watch(engine, listener->listen->address->address);
	}
	say_lack(twins->keeper, &why);
	if (reason && !reason->length)
		buf_add(reason, buf_string(&why), why.length);
	buf_free(&why);
	buf_free(&warnings);
}

/* false: no process could be had to tell the kernel where new clients are to come; all is as before. */
static bool swap(struct twins *twins, size_t n)
{
	struct listener *listener = &twins->keeper->listeners[n];
	struct pair *pair = &twins->pairs[n];

	if (listener->listen->address->kind == ENDPOINT_TCP && !twin_turn(listener->io.fd, pair->older) &&
	    foreign_socket_is(listener->io.fd))
		return false;
	pair->older = !pair->older;
	pair->other = listener_swap(listener, twins->keeper->engine, pair->other);
	return true;
}

/* The instance has the listeners, and new clients are to come to others: to those where some wait already, if there are
 * such. A listener that a path leads to gets a twin of its own for that. */
static void part(struct twins *twins, size_t n, struct buf *why)
{
	struct pair *pair = &twins->pairs[n];

	if (pair->other >= 0 && (pair->older || !has_path(twins, n))) {
		swap(twins, n);
		return;
	}
	if (pair->other >= 0)
		twins_keep_for_later(twins, &pair->other);
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
	twins->apart = true;
	for (size_t n = 0; n < twins->count; n++)
		part(twins, n, why);
	if (!has_any(twins))
		twins_free(keeper);
}

/* An instance that shut a socket down has left the other one to superd. */
static bool has_lost_one(const struct twins *twins, size_t n)
{
	int other = twins->pairs[n].other;

	return other >= 0 && bind_is_shut(twins->keeper->listeners[n].io.fd) && !bind_is_shut(other);
}

/* true: its other one is to be kept. */
static bool settle(struct twins *twins, size_t n)
{
	struct pair *pair = &twins->pairs[n];
	bool swaps = is_owed(twins, n) || has_lost_one(twins, n);

	if (swaps && !swap(twins, n))
		return true;
	if (is_owed(twins, n) || (pair->older && (swaps || ev_is_active(&twins->late))))
		return true;
	if (pair->other >= 0)
		closing_close(twins->keeper->engine, twins->keeper->service->name, &pair->other);
	pair->older = false;
	return false;
}

void twins_settle(struct keeper *keeper)
{
	struct twins *twins = twins_of(keeper);
	struct event event = { .name = "twin", .service = keeper->service->name };
	bool any = false;

	if (!twins)
		return;
	twins_stop_waiting(twins);
	twins->apart = false;
	for (size_t n = 0; n < twins->count; n++)
		any = settle(twins, n) || any;
	if (!any) {
		twins_end(twins);
		return;
	}
	log_event(keeper->engine->log, LEVEL_DEBUG, &event, "clients are left where its last instance was");
	twins_look_late(twins);
}

void twins_look_late(struct twins *twins)
{
	ev_timer_stop(twins->keeper->engine->loop, &twins->late);
	ev_timer_set(&twins->late, HANDSHAKE, 0.);
	ev_timer_start(twins->keeper->engine->loop, &twins->late);
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

	if (!twins || !twins->apart)
		return;
	twins_stop_waiting(twins);
	twins->apart = false;
	for (size_t n = 0; n < twins->count; n++) {
		if (twins->pairs[n].other >= 0)
			swap(twins, n);
	}
	if (any_is_owed(twins))
		keeper->engine->actions->serve_owed(keeper);
	else
		twins_end(twins);
}

struct leftover *twins_drop(struct twins *twins)
{
	struct leftover *leftovers = twins->leftovers;

	twins_stop_waiting(twins);
	ev_timer_stop(twins->keeper->engine->loop, &twins->late);
	for (size_t n = 0; n < twins->count; n++) {
		if (twins->pairs[n].other >= 0)
			closing_close(twins->keeper->engine, twins->keeper->service->name, &twins->pairs[n].other);
	}
	twins->keeper->activity->twins = NULL;
	free(twins->tallies);
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

		if (leftovers->fd >= 0)
			closing_close(keeper->engine, keeper->service->name, &leftovers->fd);
		free(leftovers);
		leftovers = next;
	}
}
