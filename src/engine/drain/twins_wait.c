/* Waits until an instance can be ended that has the older of the twins. A handshake that began before there were
 * twins ends in the older socket's queue, and clients that wait at a twin have the same address. So all connections
 * that exist at the beginning are noted by the kernel's numbers; those of them that arrive, or that a process has
 * accepted, are looked for until they are gone. Connections at a twin are not accepted yet, so they do not count. */
#include "base/clock.h"
#include "engine/drain/twins.h"

#include "engine/instance/instance.h"
#include "os/socket/bind.h"
#include "os/socket/reuseport.h"

#define LOOK_FIRST .001                 /* seconds until the first look at the queues; each pause is longer */
#define LOOK_LAST .05                   /* seconds between two looks at most */
#define FAILURES_MOST 5                 /* failed counts (no descriptors, no memory); then the clients are unknown */

void twins_stop_waiting(struct twins *twins)
{
	ev_timer_stop(twins->keeper->engine->loop, &twins->timer);
	conn_query_cancel(&twins->clients);
	twins->quiet = NULL;
	twins->busy = NULL;
	twins->clear = false;
}

/* Clients that still wait when the patience is over come to the twins, if the kernel moves them; not if an earlier
 * instance has the same socket and goes on. */
static void hand_over(struct twins *twins)
{
	bool alone = list_has_one(keeper_instances(twins->keeper));

	for (size_t n = 0; n < twins->count && alone; n++) {
		if (bind_has_queue(twins->pairs[n].other))
			reuseport_migrate(twins->pairs[n].other, twins->keeper->listeners[n].io.fd);
	}
}

static void finish(struct twins *twins)
{
	struct keeper *keeper = twins->keeper;
	void (*quiet)(struct keeper *) = twins->quiet;

	hand_over(twins);
	twins_stop_waiting(twins);
	quiet(keeper);
}

static void look_later(struct twins *twins)
{
	double waited = clock_now() - twins->patience.since;
	double wait = waited < LOOK_FIRST ? LOOK_FIRST : waited > LOOK_LAST ? LOOK_LAST : waited;

	ev_timer_set(&twins->timer, wait, 0.);
	ev_timer_start(twins->keeper->engine->loop, &twins->timer);
}

/* Clients in the queues, and those noted that are still there. An unknown number counts as none. */
static unsigned count_clients(const struct twins *twins)
{
	unsigned count = twins->clients.use == GUESTS_SOUGHT ? conn_query_sum(&twins->clients) : 0;

	for (size_t n = 0; n < twins->count; n++)
		count += bind_clients(twins->pairs[n].other);
	return count;
}

/* The twins may be gone when this returns. */
static void go_on(struct twins *twins, unsigned left)
{
	const struct instance *instance = twins->keeper->activity->current;
	bool (*busy)(struct keeper *) = twins->busy;
	pid_t pid = instance ? instance->pid : 0;

	if (!left) {
		finish(twins);
		return;
	}
	if (patience_is_over(&twins->patience, clock_now(), pid, left)) {
		patience_say_over(twins->keeper, pid, left);
		finish(twins);
		return;
	}
	twins->busy = NULL;
	if (!busy || !busy(twins->keeper))
		look_later(twins);
}

static void look(struct twins *twins)
{
	if (!twins->clients.count || !conn_query_start(&twins->clients))
		go_on(twins, count_clients(twins));
}

/* A connection that left its handshake and was accepted during a look is seen at the next one. */
static void on_counted(struct conn_query *query)
{
	struct twins *twins = container_of(query, struct twins, clients);
	bool was_clear = twins->clear, first = query->use == GUESTS_NOTED;
	unsigned left;

	if (first && query->failures && query->failures <= FAILURES_MOST) {
		look_later(twins);
		return;
	}
	if (first && !query->cookies.count)
		query->count = 0;       /* there is nobody to look for */
	conn_query_seek(query);
	if (first && query->count) {
		look(twins);
		return;
	}
	left = count_clients(twins);
	twins->clear = !left;
	if (twins->clear && !was_clear && query->count)
		look(twins);
	else
		go_on(twins, left);
}

static void on_timer(struct ev_loop *loop, ev_timer *timer, int events)
{
	(void)loop, (void)events;
	look(timer->data);
}

/* Of other kinds of sockets the kernel tells no single clients. */
static void take_sockets(struct twins *twins)
{
	twins->clients.count = 0;
	for (size_t n = 0; n < twins->count; n++)
		conn_query_add(&twins->clients, twins->pairs[n].other, 1 << CONN_TCP | 1 << CONN_UNIX);
}

bool twins_wait_init(struct twins *twins)
{
	ev_init(&twins->timer, on_timer);
	twins->timer.data = twins;
	return conn_query_init(&twins->clients, twins->keeper, twins->keeper->listener_count, on_counted);
}

void twins_wait(struct keeper *keeper, void (*quiet)(struct keeper *keeper), bool (*busy)(struct keeper *keeper))
{
	struct twins *twins = twins_of(keeper);

	if (!twins || !twins->apart) {
		quiet(keeper);
		return;
	}
	twins_stop_waiting(twins);
	twins->quiet = quiet;
	twins->busy = busy;
	patience_begin(&twins->patience, clock_now());
	conn_query_note(&twins->clients);
	take_sockets(twins);
	look(twins);
}
