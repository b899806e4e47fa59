/* Waits until superd can stop an instance that has the older sockets. A handshake that began before the standby sockets
 * were open ends in the older socket's queue, and clients of the standby sockets have the same local address. So superd
 * notes the cookies of all connections at the beginning, and looks until those that are in a handshake or accepted are
 * closed. Connections in the queue of a standby socket are not accepted yet, so they do not count.
 *
 * A client may stay connected without wanting anything: nobody has to wait for it. The kernel tells that of a TCP
 * connection whose last data came from the server, all acknowledged, and where nothing moves any more. But a client may
 * have several requests under way (pipelining, streams of HTTP/2), so that the next answer takes a while. So only rest
 * from before the wait counts. Of a unix socket nobody can tell. Asking takes the lock of each connection, so a helper
 * process does it (superd/clients/client_look), and seldom. */
#include "superd/stop/standby_socket.h"

#include <math.h>

#include "lib/clock.h"
#include "os/socket/bind.h"
#include "os/socket/reuseport.h"
#include "superd/instance/instance.h"

#define LOOK_FIRST .001                 /* seconds until the first look at the queues; each pause is longer */
#define LOOK_LAST .05                   /* seconds between two looks at most */
#define LOOK_UNHURRIED 1.               /* the same while no client waits for the end */
/* Milliseconds without movement, before the wait, after which it is the client's turn. A delayed acknowledgement, a
 * retransmission and the answer of a client far off come sooner. A connection that is kept for later use has been quiet
 * for longer. */
#define RESTING_MS 500
#define TURNS_BEGIN .02                 /* seconds until the first look whose turn it is: most clients leave sooner */
#define TURNS_FIRST .1                  /* seconds from that to the next one; each pause is twice as long */
#define TURNS_LAST .5                   /* seconds between two of them at most */
#define FAILURES_MOST 5                 /* failed counts (no descriptors, no memory); then the clients are unknown */

void standby_sockets_stop_waiting(struct standby_sockets *standby_sockets)
{
	ev_timer_stop(standby_sockets->runtime->engine->loop, &standby_sockets->timer);
	conn_query_cancel(&standby_sockets->clients);
	client_look_cancel(&standby_sockets->turns);
	standby_sockets->resting = 0;
	standby_sockets->quiet = NULL;
	standby_sockets->busy = NULL;
	standby_sockets->clear = standby_sockets->waits_for_newcomer = false;
}

/* Moves clients that still wait at the deadline to the standby sockets, if the kernel can; not if an earlier
 * instance has the same socket and runs on. */
static void move_queues(struct standby_sockets *standby_sockets)
{
	bool alone = list_has_one(runtime_instances(standby_sockets->runtime));

	for (size_t n = 0; n < standby_sockets->count && alone; n++) {
		if (bind_has_queue(standby_sockets->pairs[n].other))
			reuseport_migrate(standby_sockets->pairs[n].other,
					  standby_sockets->runtime->listeners[n].io.fd);
	}
}

static void finish_waiting(struct standby_sockets *standby_sockets)
{
	struct service_runtime *runtime = standby_sockets->runtime;
	void (*quiet)(struct service_runtime *) = standby_sockets->quiet;

	move_queues(standby_sockets);
	standby_sockets_stop_waiting(standby_sockets);
	quiet(runtime);
}

static void look_later(struct standby_sockets *standby_sockets)
{
	double last = standby_sockets->waits_for_newcomer ? LOOK_UNHURRIED : LOOK_LAST;
	double waited = clock_now() - standby_sockets->deadline.since;
	double wait = waited < LOOK_FIRST ? LOOK_FIRST : waited > last ? last : waited;

	ev_timer_set(&standby_sockets->timer, wait, 0.);
	ev_timer_start(standby_sockets->runtime->engine->loop, &standby_sockets->timer);
}

static unsigned count_queues(const struct standby_sockets *standby_sockets)
{
	unsigned count = 0;

	for (size_t n = 0; n < standby_sockets->count; n++)
		count += bind_clients(standby_sockets->pairs[n].other);
	return count;
}

/* Clients in the queues, and those noted that are still there. An unknown number counts as none. */
static unsigned count_clients(const struct standby_sockets *standby_sockets)
{
	unsigned count = standby_sockets->clients.use == COOKIES_SOUGHT ? conn_query_sum(&standby_sockets->clients) : 0;

	return count + count_queues(standby_sockets);
}

static bool has_newcomer(const struct standby_sockets *standby_sockets)
{
	for (size_t n = 0; n < standby_sockets->count; n++) {
		if (standby_sockets->pairs[n].other >= 0 &&
		    bind_has_queue(standby_sockets->runtime->listeners[n].io.fd))
			return true;
	}
	return false;
}

static void begin_deadline(struct standby_sockets *standby_sockets)
{
	standby_sockets->waits_for_newcomer = false;
	standby_sockets->turns_due = clock_now() + TURNS_BEGIN;
	standby_sockets->turns_pause = TURNS_FIRST;
	drain_deadline_begin(&standby_sockets->deadline, clock_now());
}

/* Whether a count right after a look whose turn it is has found those clients and no other: one that was accepted
 * during the look may be missing in it. */
static bool all_rest(const struct standby_sockets *standby_sockets, unsigned left)
{
	return standby_sockets->resting && left <= standby_sockets->resting && !count_queues(standby_sockets);
}

/* May free standby_sockets. */
static void continue_waiting(struct standby_sockets *standby_sockets, unsigned left)
{
	const struct instance *instance = runtime_current(standby_sockets->runtime);
	bool (*busy)(struct service_runtime *) = standby_sockets->busy;
	pid_t pid = instance ? instance->pid : 0;

	if (!left) {
		finish_waiting(standby_sockets);
		return;
	}
	if (standby_sockets->waits_for_newcomer && has_newcomer(standby_sockets))
		begin_deadline(standby_sockets);
	if (!standby_sockets->waits_for_newcomer &&
	    (all_rest(standby_sockets, left) ||
	     drain_deadline_is_over(&standby_sockets->deadline, clock_now(), pid, left))) {
		drain_deadline_log_over(standby_sockets->runtime, pid, left);
		finish_waiting(standby_sockets);
		return;
	}
	standby_sockets->resting = 0;
	standby_sockets->busy = NULL;
	if (busy && busy(standby_sockets->runtime))
		return;
	standby_sockets->waits_for_newcomer |= busy != NULL;
	look_later(standby_sockets);
}

static bool has_tcp(const struct conn_query *query)
{
	for (size_t n = 0; n < query->count; n++) {
		if (query->conns[n].kind == CONN_TCP)
			return true;
	}
	return false;
}

/* Looks whose turn it is, once only accepted clients are left; in place of a count. false: not now. */
static bool look_whose_turn(struct standby_sockets *standby_sockets)
{
	struct conn_query *query = &standby_sockets->clients;

	if (standby_sockets->waits_for_newcomer || query->use != COOKIES_SOUGHT || !has_tcp(query) ||
	    clock_now() < standby_sockets->turns_due || conn_query_is_open(query) || count_queues(standby_sockets))
		return false;
	standby_sockets->turns_due = clock_now() + standby_sockets->turns_pause;
	return client_look_start(&standby_sockets->turns, query, query->count, RESTING_MS, NULL);
}

static void look_for_clients(struct standby_sockets *standby_sockets)
{
	if (look_whose_turn(standby_sockets))
		return;
	if (!standby_sockets->clients.count || !conn_query_start(&standby_sockets->clients))
		continue_waiting(standby_sockets, count_clients(standby_sockets));
}

/* The helper measured at some time before its answer came. Counted from the answer, no connection seems to have rested
 * for longer than it has. */
static bool have_rested(const struct standby_sockets *standby_sockets, const struct client_count_answer *answer)
{
	double waited = clock_now() - standby_sockets->deadline.since;

	return answer->known && !answer->count && answer->moved >= RESTING_MS + 1000 * waited;
}

static void on_looked(struct client_look *look, const struct client_count_answer *answer)
{
	struct standby_sockets *standby_sockets = container_of(look, struct standby_sockets, turns);

	standby_sockets->resting = have_rested(standby_sockets, answer) ? answer->quiet : 0;
	standby_sockets->turns_due = answer->known ? clock_now() + standby_sockets->turns_pause : HUGE_VAL;
	standby_sockets->turns_pause = fmin(2 * standby_sockets->turns_pause, TURNS_LAST);
	look_for_clients(standby_sockets);
}

/* A connection that left its handshake and was accepted during a look is seen at the next one. */
static void on_counted(struct conn_query *query)
{
	struct standby_sockets *standby_sockets = container_of(query, struct standby_sockets, clients);
	bool was_clear = standby_sockets->clear, first = query->use == COOKIES_NOTED;
	unsigned left;

	if (first && query->failures && query->failures <= FAILURES_MOST) {
		look_later(standby_sockets);
		return;
	}
	if (first && !query->cookies.count)
		query->count = 0;       /* there is nobody to look for */
	conn_query_seek(query);
	if (first && query->count) {
		look_for_clients(standby_sockets);
		return;
	}
	left = count_clients(standby_sockets);
	standby_sockets->clear = !left;
	if (standby_sockets->clear && !was_clear && query->count)
		look_for_clients(standby_sockets);
	else
		continue_waiting(standby_sockets, left);
}

static void on_timer(struct ev_loop *loop, ev_timer *timer, int events)
{
	(void)loop, (void)events;
	look_for_clients(timer->data);
}

/* The kernel lists single clients only for TCP and unix sockets. */
static void take_sockets(struct standby_sockets *standby_sockets)
{
	standby_sockets->clients.count = 0;
	for (size_t n = 0; n < standby_sockets->count; n++)
		conn_query_add(&standby_sockets->clients, standby_sockets->pairs[n].other,
			       1 << CONN_TCP | 1 << CONN_UNIX);
}

bool standby_sockets_wait_init(struct standby_sockets *standby_sockets)
{
	ev_init(&standby_sockets->timer, on_timer);
	client_look_init(&standby_sockets->turns, standby_sockets->runtime->engine, on_looked);
	standby_sockets->turns.by_turn = true;
	standby_sockets->timer.data = standby_sockets;
	return conn_query_init(&standby_sockets->clients, standby_sockets->runtime,
			       standby_sockets->runtime->listener_count, on_counted);
}

void standby_sockets_wait(struct service_runtime *runtime, void (*quiet)(struct service_runtime *runtime),
			  bool (*busy)(struct service_runtime *runtime))
{
	struct standby_sockets *standby_sockets = standby_sockets_of(runtime);

	if (!standby_sockets || !standby_sockets->split) {
		quiet(runtime);
		return;
	}
	standby_sockets_stop_waiting(standby_sockets);
	standby_sockets->quiet = quiet;
	standby_sockets->busy = busy;
	begin_deadline(standby_sockets);
	conn_query_note(&standby_sockets->clients);
	take_sockets(standby_sockets);
	look_for_clients(standby_sockets);
}

void standby_sockets_hurry(struct service_runtime *runtime)
{
	struct standby_sockets *standby_sockets = standby_sockets_of(runtime);

	if (!standby_sockets || !standby_sockets->waits_for_newcomer)
		return;
	begin_deadline(standby_sockets);
	ev_timer_stop(runtime->engine->loop, &standby_sockets->timer);
	look_later(standby_sockets);
}
