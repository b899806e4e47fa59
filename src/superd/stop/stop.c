/* The clients of an instance and those of its successor have the same address, so superd knows the clients one by one,
 * as the kernel listed them when the standby sockets were open (superd/stop/conn_query): those that were connected
 * or in a handshake. It looks until they are gone, and its sockets' queues are empty. Clients in the queue of a standby
 * socket belong to neither. A client that a successor has accepted before that list passes for one of the old instance,
 * which then ends late.
 *
 * A client may stay connected without wanting anything: no newcomer has to wait for it. The kernel tells that of a TCP
 * connection whose last data came from the server, all acknowledged, and where nothing moves any more. But a client may
 * have several requests under way (pipelining, streams of HTTP/2), so that the next answer takes a while. So only rest
 * from before the phase counts. Of a unix socket nobody can tell. Asking takes the lock of each connection, so a helper
 * process does it (superd/stop/client_look), and seldom.
 *
 * An idle instance could accept a client between any count and its signal. So the count that decides is made while it
 * is frozen, and takes in the queues. */
#include "superd/stop/stop.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/clock.h"
#include "lib/duration_text.h"
#include "lib/fd.h"
#include "lib/number.h"
#include "os/netdiag/foreign_socket.h"
#include "os/socket/bind.h"
#include "os/socket/reuseport.h"
#include "superd/stop/client_look.h"
#include "superd/stop/conn_query.h"
#include "superd/stop/service_clients.h"
#include "superd/instance/relay.h"
#include "superd/instance/thaw.h"
#include "superd/socket/drained_sockets.h"
#include "superd/socket/listeners.h"
#include "superd/socket/restore.h"
#include "superd/instance/service_list.h"
#include "superd/saved/state_stream.h"
#include "superd/stop/drain_deadline.h"
#include "superd/stop/freeze.h"
#include "superd/stop/standby_socket.h"

#define TRIED_MOST 32                   /* instances of all services that are frozen and counted at once; others wait */
#define NOTED_WITHIN 2.                 /* seconds of failed counts (no descriptors); then the clients are unknown */
/* Milliseconds without movement, before the phase, after which it is the client's turn. A delayed acknowledgement, a
 * retransmission and the answer of a client far off come sooner. A connection that is kept for later use has been quiet
 * for longer. */
#define RESTING_MS 500
#define TURNS_BEGIN .02                 /* seconds until the first look whose turn it is: most clients leave sooner */
#define TURNS_FIRST .1                  /* seconds from that to the next one; each pause is twice as long */
#define TURNS_LAST .5                   /* seconds between two of them at most */

/* By enum stop_reason: all in which stops differ. */
static const struct {
	const char *word;
	unsigned char first;            /* its first phase, once it has begun */
	unsigned char unknown;          /* the phase in place of STOP_SERVE if its clients are unknown */
	unsigned char beside;           /* its reason once it ends beside a successor, for clients that came last */
	bool seems_idle;                /* nobody is connected: it was tried, and is frozen still */
	bool serves_unknown;            /* clients that could not be noted may be there; else only its queues count */
	bool has_copies;                /* its sockets are copies of those that superd keeps, or another service gets */
} rules[] = {
	[STOP_ORDER] = { .word = "order", .first = STOP_END, .unknown = STOP_END },
	[STOP_IDLE] = { .word = "idle", .first = STOP_NEWCOMER, .unknown = STOP_END,
		.beside = STOP_MOVED, .seems_idle = true },
	[STOP_LIMIT] = { .word = "limit", .first = STOP_END, .unknown = STOP_END },
	[STOP_RELOAD] = { .word = "reload", .first = STOP_END, .unknown = STOP_END },
	[STOP_DRAIN] = { .word = "drain", .first = STOP_NEWCOMER, .unknown = STOP_REST,
		.beside = STOP_DRAIN, .serves_unknown = true },
	[STOP_MOVED] = { .word = "moved", .first = STOP_NEWCOMER, .unknown = STOP_END,
		.beside = STOP_MOVED, .serves_unknown = true },
	[STOP_LENT] = { .word = "lent", .first = STOP_SERVE, .unknown = STOP_REST, .has_copies = true },
	[STOP_MEMORY] = { .word = "memory", .first = STOP_NEWCOMER, .unknown = STOP_END,
		.beside = STOP_MOVED, .seems_idle = true },
	[STOP_RESTART] = { .word = "restart", .first = STOP_END, .unknown = STOP_END },
};

/* By enum stop_phase. */
static const struct {
	const char *word;
	enum { TRIED, TO_COME, SERVES, ENDS } stands; /* TRIED: it can be called off as if nothing was done */
	double first, last;             /* seconds to the first look, and between two at most; each pause is longer */
	const char *unknown;            /* what is logged of an instance whose clients are unknown */
} phases[] = {
	[STOP_FREEZE] = { .word = "freeze", .stands = TRIED },
	[STOP_COUNT] = { .word = "count", .stands = TRIED },
	[STOP_READY] = { .word = "ready", .stands = TO_COME },
	[STOP_EARLIER] = { .word = "earlier", .stands = TO_COME },
	[STOP_ADDRESS] = { .word = "address", .stands = TO_COME },
	[STOP_SERVE] = { .word = "serve", .stands = SERVES, .first = .02, .last = 20. },
	[STOP_REST] = { .word = "rest", .stands = SERVES, .unknown = "keeps running until it is stopped" },
	[STOP_NEWCOMER] = { .word = "newcomer", .stands = SERVES, .first = .001, .last = 1.,
		.unknown = "serves them until another one waits" },
	[STOP_END] = { .word = "end", .stands = ENDS, .first = .001, .last = .05,
		.unknown = "is stopped within 30 seconds" },
	[STOP_DONE] = { .word = "done", .stands = ENDS },
};

struct stop {
	struct {                        /* saved */
		unsigned char reason;   /* enum stop_reason */
		unsigned char phase;    /* enum stop_phase */
		struct conn_query query; /* first notes the clients, then seeks them */
		/* Sockets of the instance, kept for clients in their queues and in handshakes; owned. NULL: they are
		 * those in the pairs of the service's standby sockets, or its listeners, if those are others'. */
		int *sockets;
		struct drain_deadline deadline; /* limit of STOP_END; its `since` is the beginning of any phase */
	};
	struct instance *instance;
	unsigned left;                  /* clients at the last look in this phase; UINT_MAX: none yet, or unknown */
	ev_timer timer;                 /* next look for clients */
	struct client_look turns;       /* looks which of them wait for an answer */
	double turns_due;               /* loop time of the next such look */
	uint32_t resting;               /* clients at the last such look, if all have rested; else 0 */
	/* Starts of the service until the stop began, if what a process had accepted when the clients were noted is no
	 * successor's; else 0. The next superd does not know that. */
	uint64_t activations;
	double unused_since;            /* if it was tried: loop time since when no client is connected */
	struct held held;               /* link of `sockets` in engine->listeners->drained */
	size_t count;                   /* its sockets */
};

static void seek_clients(struct stop *stop);

/* Whether the clients were noted. */
static bool knows_clients(const struct stop *stop)
{
	return stop->query.asks == ASK_LEFT;
}

static struct service_runtime *runtime_of(const struct stop *stop)
{
	return stop->instance->context;
}

/* The n-th socket of the instance; -1: there is none. */
static int socket_of(const struct stop *stop, size_t n)
{
	const struct standby_sockets *pairs = standby_sockets_of(runtime_of(stop));

	if (stop->sockets)
		return stop->sockets[n];
	if (!pairs || n >= pairs->count)
		return -1;
	return pairs->split ? pairs->pairs[n].other : runtime_of(stop)->listeners[n].fd;
}

static bool is_tried(const struct stop *stop)
{
	return stop && phases[stop->phase].stands == TRIED;
}

/* Whether it has not begun. */
static bool is_to_come(const struct stop *stop)
{
	return stop && phases[stop->phase].stands <= TO_COME;
}

static bool is_ending(const struct stop *stop)
{
	return phases[stop->phase].stands == ENDS;
}

static void enter_phase(struct stop *stop, enum stop_phase phase)
{
	struct instance *instance = stop->instance;
	struct event event = { .name = "stopping", .service = instance->service->name, .pid = instance->pid };

	if (phase != stop->phase)
		log_event(instance->engine->log, LEVEL_DEBUG, &event, "pid %ld: stop by %s: %s", (long)event.pid,
			  rules[stop->reason].word, phases[phase].word);
	instance->engine->service_list->tried_stops -= is_tried(stop);
	stop->phase = phase;
	instance->engine->service_list->tried_stops += is_tried(stop);
	stop->left = UINT_MAX;
	drain_deadline_begin(&stop->deadline, clock_now());
	stop->turns_due = clock_now() + TURNS_BEGIN;
}

static void look_later(struct stop *stop)
{
	double pause = number_max(clock_now() - stop->deadline.since, phases[stop->phase].first);

	ev_timer_stop(stop->instance->engine->loop, &stop->timer);
	ev_timer_set(&stop->timer, number_min(pause, phases[stop->phase].last), 0.);
	ev_timer_start(stop->instance->engine->loop, &stop->timer);
}

static unsigned count_queues(const struct stop *stop)
{
	unsigned count = 0;

	for (size_t n = 0; n < stop->count; n++)
		count += bind_clients(socket_of(stop, n));
	return count;
}

/* Of its clients only those count that the kernel tells one by one, and those in its queues. */
static unsigned count_left(const struct stop *stop)
{
	bool knows = knows_clients(stop) && !stop->query.cookies.failed;

	return count_queues(stop) + (knows ? conn_query_sum(&stop->query) : 0);
}

/* Whether no earlier instance has the same sockets, and goes on with them. */
static bool is_alone(const struct stop *stop)
{
	struct service_runtime *runtime = runtime_of(stop);

	LIST_EACH(link, runtime_instances(runtime)) {
		const struct instance *other = container_of(link, struct instance, link);

		if (other != stop->instance && other != runtime_current(runtime))
			return false;
	}
	return true;
}

/* The standby socket of its n-th one, to which the kernel can move clients; NULL: it cannot, or there is none. */
static struct listener *find_goal(const struct stop *stop, size_t n)
{
	struct listener *listener = standby_sockets_find_listener(runtime_of(stop), socket_of(stop, n));
	bool alone = !rules[stop->reason].has_copies && is_alone(stop);

	if (!alone || !listener || listener->fd == socket_of(stop, n) || !reuseport_migrates(listener->fd))
		return NULL;
	return listener;
}

/* Moves its clients that wait in a queue to the standby sockets, if the kernel can; all: those in a handshake, too.
 * Where one was shut down, the instance can only end. */
enum moving { MOVED, MOVE_BEGUN, MOVING, MOVE_LOCKED };

static enum moving move_clients(const struct stop *stop, bool all)
{
	struct engine *engine = stop->instance->engine;
	bool begun = false, moves = false, moved = false, locked = false;

	for (size_t n = 0; n < stop->count; n++) {
		int fd = socket_of(stop, n);
		const struct restore_task task = { .fd = fd, .work = RESTORE_SHUT };

		if (!(all || bind_has_queue(fd)) || !find_goal(stop, n))
			continue;
		if (restore_is_asked(engine, fd))
			moves = true;
		else if (restore_shut(engine, &task, stop->instance->service->name, NULL, NULL))
			begun = true;
		else if (bind_is_shut(fd))
			moved = true;
		else
			locked = true;
	}
	if (begun || moves)
		return begun ? MOVE_BEGUN : MOVING;
	return locked && !moved ? MOVE_LOCKED : MOVED;
}

/* The wait is over, once nobody waits in its queues; else superd looks again. A service with copies stops together with
 * an instance that is still its current one. late: it may have clients still. */
static void finish(struct stop *stop, bool late)
{
	struct instance *instance = stop->instance;
	struct service_runtime *runtime = runtime_of(stop);
	struct event event = { .name = "drained", .service = instance->service->name, .pid = instance->pid };
	unsigned left = count_left(stop), queued = count_queues(stop);
	enum moving moving = move_clients(stop, false);

	if (moving == MOVE_BEGUN && late)       /* they will not be there at the next look */
		drain_deadline_log_over(runtime, instance->pid, queued);
	if (moving == MOVE_BEGUN || moving == MOVING) {
		look_later(stop);
		return;
	}
	ev_timer_stop(instance->engine->loop, &stop->timer);
	if (late)
		drain_deadline_log_over(runtime, instance->pid, left);
	else if (!stop->left && stop->sockets)
		log_event(instance->engine->log, LEVEL_INFO, &event, "%s: stopping pid %ld",
			  stop->phase == STOP_END ? "no client waits for it any more" : "its clients have left",
			  (long)event.pid);
	enter_phase(stop, STOP_DONE);
	if (instance->retired || !rules[stop->reason].has_copies)
		instance_stop(instance);
	else
		runtime_post(runtime, HALT);
}

static void log_begin(const struct stop *stop, bool unknown)
{
	struct instance *instance = stop->instance;
	struct event event = { .name = "draining", .service = instance->service->name, .pid = instance->pid };
	size_t count = stop->query.cookies.count;

	if (!unknown)
		log_event(instance->engine->log, LEVEL_INFO, &event,
			  "pid %ld serves the %zu client%s it has %s", (long)event.pid, count,
			  count == 1 ? "" : "s", stop->phase == STOP_END ? "while it makes progress" : "to the end");
	else
		log_event(instance->engine->log, LEVEL_WARNING, &event, "the clients of pid %ld are unknown: it %s",
			  (long)event.pid, phases[stop->phase].unknown);
}

/* Gives the instance sockets of its own. */
static void take_sockets(struct stop *stop, int *sockets)
{
	stop->sockets = sockets;
	stop->held.sockets = sockets;
	stop->held.count = stop->count;
	list_add(&stop->instance->engine->listeners->drained, &stop->held.link);
}

/* Whether every listener with a socket has a standby socket. A listener without a socket belongs to tcpmux, or is
 * optional and could not be opened. */
static bool have_standby_sockets(const struct service_runtime *runtime)
{
	const struct standby_sockets *pairs = standby_sockets_of(runtime);

	for (size_t n = 0; n < runtime->listener_count; n++) {
		if (listener_has_socket(&runtime->listeners[n]) &&
		    (!pairs || !pairs->split || pairs->pairs[n].other < 0))
			return false;
	}
	return pairs && runtime->listener_count > 0;
}

/* Takes the current instance's sockets from the pairs. false: one has none, or out of memory. */
static bool take_from_pairs(struct stop *stop)
{
	struct service_runtime *runtime = runtime_of(stop);
	int *sockets = have_standby_sockets(runtime) ? standby_sockets_release(runtime) : NULL;

	if (sockets)
		take_sockets(stop, sockets);
	return sockets;
}

/* Whether the next instance can have all clients of a frozen one: it has accepted none of them. */
static bool can_pass_clients_on(const struct stop *stop)
{
	const struct cookie_set *noted = conn_query_followed(&stop->query);

	for (size_t n = 0; n < noted->count; n++) {
		if (noted->list[n] & COOKIE_HELD)
			return false;
	}
	for (size_t n = 0; n < stop->count; n++) {
		if (socket_of(stop, n) >= 0 && !find_goal(stop, n))
			return false;
	}
	return freeze_is_frozen(runtime_of(stop)) && !noted->failed;
}

/* Whether a client waits for the end of the instance, or its runtime_max is over. */
static bool must_end(const struct stop *stop)
{
	struct service_runtime *runtime = runtime_of(stop);
	double most = (double)runtime->service->groups->lifecycle->runtime_max / 1e6;

	if (most > 0 && clock_now() >= runtime_stats(runtime)->last_start + most)
		return true;
	for (size_t n = 0; n < stop->count; n++) {
		if (socket_of(stop, n) >= 0 && bind_has_queue(runtime->listeners[n].fd))
			return true;
	}
	return false;
}

/* Serves a client that came to an idle instance at the last moment. true: there is nothing else to do now. */
static bool stay_for_clients(struct stop *stop)
{
	struct service_runtime *runtime = runtime_of(stop);
	bool unknown = stop->query.cookies.failed;
	enum moving moving = can_pass_clients_on(stop) ? move_clients(stop, true) : MOVE_LOCKED;

	if (moving == MOVE_BEGUN || moving == MOVING)
		look_later(stop);
	else if (moving == MOVED)
		finish(stop, false);
	if (moving != MOVE_LOCKED)
		return true;
	if (service_runs_beside(runtime->service) && take_from_pairs(stop)) {
		stop->reason = rules[stop->reason].beside;
		enter_phase(stop, unknown ? (enum stop_phase)rules[stop->reason].unknown : STOP_SERVE);
		log_begin(stop, unknown);
		runtime_post(runtime, DRAINS);
		look_later(stop);
		return true;
	}
	instance_thaw(stop->instance);
	instance_limit(stop->instance, 0);      /* instance_thaw has restored its time limit */
	return false;
}

/* Nobody knows whether a client has left: only the whole time is limited. */
static void wait_without_count(struct stop *stop)
{
	if (stop->phase != STOP_END || clock_now() - stop->deadline.since < DRAIN_DURATION_MOST) {
		look_later(stop);
		return;
	}
	finish(stop, true);
}

/* Whether clients that could not be noted may still be there. */
static bool serves_unknown(const struct stop *stop)
{
	return stop->query.cookies.failed && rules[stop->reason].serves_unknown;
}

/* Looks twice: the first count may miss a connection that left its handshake and was accepted meanwhile. A count that
 * fails (no descriptors, no memory) tells nothing, unless the clients could not be noted before. One right behind a
 * look whose turn it is has to find those clients and no other: who was accepted during the look may be missing in
 * it. */
static void take_count(struct stop *stop)
{
	unsigned left = count_left(stop), before = stop->left;
	bool all = stop->query.cookies.failed ? stop->phase != STOP_SERVE && !serves_unknown(stop)
		   : !stop->query.cookies.count || conn_query_is_complete(&stop->query);

	if (stop->instance->facts.stopped) {    /* others have sent the signal */
		enter_phase(stop, STOP_DONE);
		return;
	}
	stop->left = all ? left : UINT_MAX;
	if (!stop->left && before && stop->query.cookies.count) {
		seek_clients(stop);
		return;
	}
	if (!stop->left) {
		finish(stop, false);
		return;
	}
	if (stop->phase == STOP_NEWCOMER && stay_for_clients(stop))
		return;
	if (stop->phase == STOP_END && stop->left == UINT_MAX) {
		stop->resting = 0;
		wait_without_count(stop);
		return;
	}
	if (stop->phase == STOP_NEWCOMER && must_end(stop)) {
		enter_phase(stop, STOP_END);
	} else if (stop->phase == STOP_END &&
		   ((stop->resting && left <= stop->resting && !count_queues(stop)) ||
		    drain_deadline_is_over(&stop->deadline, clock_now(), stop->instance->pid, left))) {
		finish(stop, true);
		return;
	}
	stop->resting = 0;
	look_later(stop);
}

/* If a successor has started meanwhile, what a process holds may be its client. It would be cut off when the successor
 * seems idle, so nobody is left out then. */
static void take_noted_clients(struct stop *stop)
{
	struct service_runtime *runtime = runtime_of(stop);
	const struct instance *current = runtime_current(runtime);
	bool failed = stop->query.failures, unknown = failed && stop->phase == STOP_SERVE;

	if (failed && clock_now() - stop->deadline.since < NOTED_WITHIN) {
		look_later(stop);
		return;
	}
	runtime_post(runtime, LOOK);    /* new clients are admitted again */
	stop->query.asks = ASK_LEFT;
	stop->query.cookies.failed |= failed && !stop->query.cookies.count;
	if (failed || (current && current != stop->instance) ||
	    runtime->run->stats.activations != stop->activations)
		stop->activations = 0;
	runtime_note_change(runtime);   /* the next superd could not tell them from later ones */
	if (unknown)
		enter_phase(stop, (enum stop_phase)rules[stop->reason].unknown);
	if (stop->sockets || serves_unknown(stop))
		log_begin(stop, failed);
	if (stop->phase != STOP_REST)
		look_later(stop);
}

static void on_counted(struct conn_query *query)
{
	struct stop *stop = container_of(query, struct stop, query);

	if (knows_clients(stop))
		take_count(stop);
	else
		take_noted_clients(stop);
}

static bool has_tcp(const struct conn_query *query)
{
	for (size_t n = 0; n < query->count; n++) {
		if (query->conns[n].kind == CONN_TCP)
			return true;
	}
	return false;
}

static void plan_turns(struct stop *stop)
{
	double passed = clock_now() - stop->deadline.since;

	stop->turns_due = clock_now() + number_min(number_max(passed, TURNS_FIRST), TURNS_LAST);
}

/* Looks whose turn it is, once only accepted clients are left and somebody waits for the end of the current instance;
 * in place of a count. false: not now. */
static bool look_whose_turn(struct stop *stop)
{
	struct conn_query *query = &stop->query;

	if (stop->phase != STOP_END || stop->instance->retired || !has_tcp(query) || clock_now() < stop->turns_due ||
	    count_queues(stop))
		return false;
	plan_turns(stop);
	return client_look_start(&stop->turns, query, query->count, RESTING_MS, NULL);
}

/* The helper measured at some time before its answer came. Counted from the answer, no connection seems to have rested
 * for longer than it has. */
static void on_looked(struct client_look *turns, const struct client_count_answer *answer)
{
	struct stop *stop = container_of(turns, struct stop, turns);
	bool all_rest = answer->known && !answer->count &&
		answer->moved >= RESTING_MS + 1000 * (clock_now() - stop->deadline.since);

	stop->resting = all_rest ? answer->quiet : 0;
	plan_turns(stop);
	if (!answer->known)
		stop->turns_due = HUGE_VAL;
	seek_clients(stop);
}

/* Counts, unless no client was noted: then only the queues tell whether one is left. */
static void seek_clients(struct stop *stop)
{
	bool knows = knows_clients(stop) && !conn_query_is_open(&stop->query);

	if (knows && !stop->query.cookies.count)
		take_count(stop);
	else if (!(knows && look_whose_turn(stop)) && !conn_query_start(&stop->query))
		wait_without_count(stop);
}

static void on_timer(struct ev_loop *loop, ev_timer *timer, int events)
{
	(void)loop, (void)events;
	seek_clients(timer->data);
}

/* Returns a stop with room for so many sockets, as instance->stop; NULL: out of memory. */
static struct stop *make_stop(struct instance *instance, size_t count)
{
	struct stop *stop = calloc(1, sizeof(*stop));

	if (!stop || !conn_query_init(&stop->query, instance->context, count, ASK_ALL, on_counted)) {
		free(stop);
		return NULL;
	}
	stop->instance = instance;
	stop->phase = STOP_DONE;
	stop->count = count;
	list_init(&stop->held.link);
	client_look_init(&stop->turns, instance->engine, on_looked);
	stop->turns.by_turn = true;
	ev_init(&stop->timer, on_timer);
	stop->timer.data = stop;
	return instance->stop = stop;
}

static void note_anew(struct conn_query *query)
{
	conn_query_cancel(query);
	query->asks = ASK_ALL;
}

/* Begins with the clients of these sockets, which are owned from now on. NULL: those in the pairs. */
static void note_clients(struct stop *stop, enum stop_reason reason, int *sockets)
{
	stop->reason = (unsigned char)reason;
	if (sockets)
		take_sockets(stop, sockets);
	for (size_t n = 0; n < stop->count; n++) {
		int fd = socket_of(stop, n);

		if (fd < 0 && !sockets)         /* it has no second one: the instance has the listener */
			fd = runtime_of(stop)->listeners[n].fd;
		if (fd >= 0)
			conn_query_add(&stop->query, fd);
	}
	note_anew(&stop->query);
	enter_phase(stop, (enum stop_phase)rules[reason].first);
}

/* Makes the stop of the current instance, unless it has one, and begins with the sockets in the pairs. If those are an
 * earlier one's, whose clients wait there, new clients cannot be kept from it. NULL: there are none, or out of
 * memory. */
static struct stop *make_of_pairs(struct service_runtime *runtime, enum stop_reason reason)
{
	struct instance *instance = runtime_current(runtime);
	const struct standby_sockets *pairs = standby_sockets_of(runtime);
	struct stop *stop = !pairs ? NULL : instance->stop ? instance->stop : make_stop(instance, pairs->count);

	if (!stop)
		return NULL;
	note_clients(stop, reason, NULL);
	if (!pairs->split)
		enter_phase(stop, STOP_END);
	stop->activations = runtime->run->stats.activations;
	return stop;
}

/* Frees them, too. */
static void close_sockets(int *sockets, size_t count)
{
	for (size_t n = 0; sockets && n < count; n++)
		fd_close(&sockets[n]);
	free(sockets);
}

/* Clients that the instance has not accepted, or that are still to come, go to the runtime. */
static void give_sockets_back(struct stop *stop)
{
	struct service_runtime *runtime = runtime_of(stop);

	if (runtime->engine->stopping || runtime_state(runtime) == OFF || runtime_state(runtime) == CLOSING)
		return;
	standby_sockets_take(runtime, stop->sockets, stop->count);
	runtime_post(runtime, LOOK);
	runtime_post(runtime, DRAIN_DUE);
}

void stop_forget(struct instance *instance)
{
	struct stop *stop = instance->stop;

	if (!stop)
		return;
	instance->stop = NULL;
	if (is_tried(stop)) {
		instance->engine->service_list->tried_stops--;
		if (runtime_state(instance->context) == RUNNING)
			instance_thaw(instance);
		runtime_post(instance->context, THAWED);
	}
	for (size_t n = 0; stop->sockets && n < stop->count; n++)
		restore_drop(instance->engine, stop->sockets[n]);
	ev_timer_stop(instance->engine->loop, &stop->timer);
	client_look_cancel(&stop->turns);
	conn_query_free(&stop->query);
	if (stop->sockets && !rules[stop->reason].has_copies)
		give_sockets_back(stop);
	list_remove(&stop->held.link);
	close_sockets(stop->sockets, stop->count);
	free(stop);
}

/* ---- nobody is connected, as far as superd knows ---- */

bool stop_may_try(const struct engine *engine)
{
	return engine->service_list->tried_stops < TRIED_MOST;
}

bool stop_is_tried(const struct instance *instance)
{
	return is_tried(instance->stop);
}

void stop_give_up(struct instance *instance)
{
	if (is_to_come(instance->stop))
		stop_forget(instance);
}

static const struct lifecycle_options *life_of(const struct stop *stop)
{
	return runtime_of(stop)->service->groups->lifecycle;
}

/* The instance goes on as if nothing had been. */
static void call_off(struct stop *stop, const struct service_clients *clients)
{
	struct instance *instance = stop->instance;
	struct event event = { .name = "idle", .service = instance->service->name, .pid = instance->pid };
	uint32_t own = service_clients_own(clients);
	char why[64] = "a client connected at the last moment";

	if (!clients->known)
		snprintf(why, sizeof(why), "its clients could not be counted in time");
	else if (own)
		snprintf(why, sizeof(why), "%u connected to a port of its own", own);
	log_event(instance->engine->log, LEVEL_INFO, &event, "pid %ld keeps running: %s", (long)event.pid, why);
	stop_forget(instance);
}

/* The line names the idle_timeout, unless that is not over; the event has the time that was measured. */
void stop_take_clients(struct service_runtime *runtime, const struct service_clients *clients, bool used)
{
	struct stop *stop = runtime_current(runtime)->stop;
	struct service_stats *stats = &runtime->run->stats;
	struct event event = { .name = "idle", .service = runtime->service->name, .has_duration = true };
	bool sleeps = runtime->service->groups->lifecycle->idle_action == IDLE_FREEZE, hurries;
	char span[DURATION_MOST];

	if (!stop || stop->phase != STOP_COUNT) /* others have asked */
		return;
	if (used) {
		call_off(stop, clients);
		return;
	}
	hurries = stop->reason == STOP_MEMORY;
	event.pid = stop->instance->pid;
	event.duration = clock_now() - stop->unused_since;
	if (!sleeps || hurries)
		log_event(runtime->engine->log, hurries ? LEVEL_NOTICE : LEVEL_INFO, &event,
			  "%s pid %ld: %sno client has been connected for %s", sleeps ? "freezing" : "stopping",
			  (long)event.pid, hurries ? "memory is short, and " : "",
			  duration_write(span, hurries ? event.duration : (double)life_of(stop)->idle_timeout / 1e6));
	stats->pressure_sleeps += hurries;
	stats->idle_stops += !sleeps;
	runtime->run->stop_reason = stop->reason;
	runtime_post(runtime, sleeps ? STILLED : UNNEEDED);
}

/* If its processes cannot be frozen, idle_action = stop counts while they run. */
bool stop_takes_count(struct service_runtime *runtime)
{
	struct stop *stop = runtime_current(runtime) ? runtime_current(runtime)->stop : NULL;

	if (!stop || stop->phase != STOP_FREEZE)
		return false;
	if (!freeze_is_frozen(runtime) && life_of(stop)->idle_action == IDLE_FREEZE) {
		stop_forget(stop->instance);
		return false;
	}
	enter_phase(stop, STOP_COUNT);
	return true;
}

/* Nothing of a oneshot that has done its work can be frozen (remain_after_exit); only its relay takes clients. */
bool stop_try(struct service_runtime *runtime, enum stop_reason reason, double unused_since)
{
	struct instance *instance = runtime_current(runtime);
	struct stop *stop = instance->stop ? NULL : make_stop(instance, runtime->listener_count);
	bool has_only_relay;

	if (!stop)
		return false;
	has_only_relay = instance->relay && instance->state == INSTANCE_REMAIN &&
		life_of(stop)->idle_action == IDLE_STOP;
	if (!has_only_relay && !freeze_begin(runtime)) {
		stop_forget(instance);
		return false;
	}
	stop->reason = (unsigned char)reason;
	stop->unused_since = unused_since;
	enter_phase(stop, STOP_FREEZE);
	if (has_only_relay)
		runtime_post(runtime, SETTLED);
	return true;
}

/* ---- it stops ---- */

/* true: an instance ends beside the current one, and superd has told it to do so soon. */
static bool hurry_others(struct service_runtime *runtime)
{
	bool any = stop_any_is_beside(runtime);

	LIST_EACH(link, runtime_instances(runtime)) {
		if (stop_is_beside(container_of(link, struct instance, link)))
			stop_end(container_of(link, struct instance, link));
	}
	return any;
}

/* Why clients still come to the instance; of sockets that cannot have a second one superd(7) tells. */
static void log_lack(const struct service_runtime *runtime)
{
	struct event event = {
		.name = "twin", .service = runtime->service->name, .pid = runtime_current(runtime)->pid,
	};

	if (runtime->run->lack.length)
		log_event(runtime->engine->log, standby_sockets_may_have(runtime) ? LEVEL_WARNING : LEVEL_DEBUG, &event,
			  "clients cannot be kept from pid %ld, which ends: %s", (long)event.pid,
			  buf_string(&runtime->run->lack));
}

/* false: out of memory; it has no record then. */
static bool wait_to_begin(struct service_runtime *runtime, enum stop_reason reason, enum stop_phase phase)
{
	struct instance *instance = runtime_current(runtime);
	struct stop *stop = instance->stop ? instance->stop : make_stop(instance, runtime->listener_count);

	if (!stop)
		return false;
	stop->reason = (unsigned char)reason;
	enter_phase(stop, phase);
	return true;
}

bool stop_plan_drain(struct service_runtime *runtime)
{
	bool starts = runtime_state(runtime) == STARTING;

	stop_give_up(runtime_current(runtime));
	return wait_to_begin(runtime, STOP_DRAIN, starts ? STOP_READY : STOP_ADDRESS);
}

bool stop_is_planned(const struct instance *instance)
{
	return is_to_come(instance->stop) && !is_tried(instance->stop) && runtime_state(instance->context) != STOPPING;
}

/* An instance accepts until its signal arrives, and a client that it accepts last would be lost with it. So new clients
 * come to standby sockets first. An idle instance stays frozen until it is known that nobody needs it. */
void stop_begin(struct service_runtime *runtime)
{
	struct instance *instance = runtime_current(runtime);
	enum stop_reason reason = (enum stop_reason)runtime->run->stop_reason;
	bool is_last = runtime->engine->stopping || runtime_is_removed(runtime);
	bool serves = !instance_is_starting(instance) && !is_last;
	bool waits = serves && hurry_others(runtime);
	struct stop *stop = NULL;

	if (!rules[reason].seems_idle || waits) {
		stop_give_up(instance);
		instance_thaw(instance);
	}
	instance_limit(instance, 0);    /* no time limit until it gets its signal */
	if (!standby_sockets_of(runtime))
		buf_clear(&runtime->run->lack);
	serves = serves && (!instance->stop || is_to_come(instance->stop));
	if (waits || (serves && !standby_sockets_prepare(runtime))) {
		wait_to_begin(runtime, reason, waits ? STOP_EARLIER : STOP_ADDRESS);
		return;
	}
	if (serves) {
		standby_sockets_open(runtime);
		log_lack(runtime);
		stop = make_of_pairs(runtime, reason);
	}
	if (!stop) {
		stop_give_up(instance);
		instance_stop(instance);
		return;
	}
	if (rules[reason].first == STOP_END && service_runs_beside(runtime->service) && take_from_pairs(stop))
		runtime_post(runtime, DRAINS);
	seek_clients(stop);
}

/* Whether its stop was ordered, and had to wait until it can begin. */
static bool is_to_begin(struct service_runtime *runtime)
{
	const struct instance *instance = runtime_current(runtime);

	return runtime_state(runtime) == STOPPING && instance && !instance->facts.stopped &&
	       (!instance->stop || is_to_come(instance->stop));
}

void stop_go_on(struct service_runtime *runtime)
{
	if (!is_to_begin(runtime))
		return;
	stop_begin(runtime);
	runtime_note_change(runtime);
}

void stop_wait_no_more(struct service_runtime *runtime)
{
	struct instance *instance = runtime_current(runtime);

	if (!is_to_begin(runtime))
		return;
	stop_give_up(instance);
	instance_thaw(instance);
	instance_stop(instance);
}

bool stop_begin_beside(struct service_runtime *runtime, enum stop_reason reason)
{
	struct instance *instance = runtime_current(runtime);
	struct stop *stop;

	stop_give_up(instance);
	stop = instance->stop ? NULL : make_of_pairs(runtime, reason);
	if (stop && take_from_pairs(stop)) {
		enter_phase(stop, STOP_SERVE);
		seek_clients(stop);
		return true;
	}
	if (stop)
		stop_forget(instance);
	return false;
}

void stop_replace(struct service_runtime *runtime)
{
	struct instance *instance = runtime_current(runtime);
	const struct standby_sockets *pairs = standby_sockets_of(runtime);
	int *sockets = NULL;

	if (!instance || (instance->stop && instance->stop->sockets))
		return;
	stop_give_up(instance);
	if (pairs && pairs->split && (instance->stop || make_of_pairs(runtime, STOP_RELOAD)))
		sockets = standby_sockets_release(runtime);
	if (sockets) {
		take_sockets(instance->stop, sockets);
		instance->stop->reason = STOP_RELOAD;
		if (instance->stop->phase != STOP_DONE) {
			enter_phase(instance->stop, STOP_END);
			look_later(instance->stop);
		}
	} else {
		stop_forget(instance);
	}
}

static int *copy_sockets(const struct service_runtime *runtime)
{
	int *copies = calloc(runtime->listener_count + 1, sizeof(*copies));

	for (size_t n = 0; copies && n < runtime->listener_count; n++) {
		const struct listener *listener = &runtime->listeners[n];

		copies[n] = listener_has_socket(listener) ? foreign_socket_copy(listener->fd) : -1;
	}
	return copies;
}

/* The clients of a datagram socket are unknown, as a backend may have made sockets of its own for them. */
static bool has_clients(const struct service_runtime *runtime)
{
	for (size_t n = 0; n < runtime->listener_count; n++) {
		if (!endpoint_accepts(runtime->listeners[n].listen->endpoint))
			return false;
	}
	return true;
}

void stop_lend(struct service_runtime *runtime, bool begins)
{
	struct instance *current = runtime_current(runtime);
	struct stop *stop = current->stop;

	if (stop && !stop->sockets) {   /* the service's sockets go, and the order to stop with them */
		stop_forget(current);
		stop = NULL;
	}
	if (stop && (!rules[stop->reason].has_copies || is_ending(stop)))
		return;
	if (!stop) {
		int *copies = copy_sockets(runtime);

		stop = copies ? make_stop(current, runtime->listener_count) : NULL;
		if (!stop) {
			close_sockets(copies, runtime->listener_count);
			return;
		}
		note_clients(stop, STOP_LENT, copies);
	}
	ev_timer_stop(runtime->engine->loop, &stop->timer);
	note_anew(&stop->query);        /* more clients have come since the last call */
	enter_phase(stop, begins && has_clients(runtime) ? STOP_SERVE : STOP_REST);
	if (stop->phase == STOP_SERVE)
		seek_clients(stop);
}

void stop_call_off(struct service_runtime *runtime)
{
	struct instance *current = runtime_current(runtime);

	if (current && current->stop && rules[current->stop->reason].has_copies &&
	    current->stop->phase != STOP_DONE)
		stop_forget(current);
}

bool stop_describe(const struct instance *instance, struct stop_facts *facts)
{
	const struct stop *stop = instance->stop;

	if (!stop || stop->phase == STOP_DONE || instance->facts.stopped)
		return false;
	*facts = (struct stop_facts){
		.reason = rules[stop->reason].word,
		.phase = phases[stop->phase].word,
		.clients = count_left(stop),
		.left = stop->phase == STOP_END ? stop->deadline.since + DRAIN_DURATION_MOST - clock_now() : -1,
	};
	return true;
}

bool stop_waits(const struct instance *instance)
{
	const struct stop *stop = instance->stop;

	return stop && stop->sockets && (!rules[stop->reason].has_copies || stop->phase != STOP_REST);
}

bool stop_is_beside(const struct instance *instance)
{
	return instance->stop && instance->stop->sockets && !rules[instance->stop->reason].has_copies;
}

bool stop_any_is_beside(struct service_runtime *runtime)
{
	LIST_EACH(link, runtime_instances(runtime)) {
		if (stop_is_beside(container_of(link, struct instance, link)))
			return true;
	}
	return false;
}

bool stop_is_counting(const struct instance *instance)
{
	return instance->stop && instance->stop->sockets && conn_query_is_open(&instance->stop->query);
}

bool stop_is_noting(struct service_runtime *runtime)
{
	if (runtime->service->exec->accept)     /* instances may be many, and none of them is a successor */
		return false;
	LIST_EACH(link, runtime_instances(runtime)) {
		const struct instance *instance = container_of(link, struct instance, link);

		if (stop_is_beside(instance) && stop_is_counting(instance) && !knows_clients(instance->stop))
			return true;
	}
	return false;
}

/* Copies the cookies, as a stop may end while the query is under way. */
void stop_spare_clients(struct conn_query *query)
{
	struct cookie_set *cookies = &query->cookies;

	conn_query_cancel(query);
	cookies->count = 0;
	LIST_EACH(link, runtime_instances(query->runtime)) {
		const struct stop *stop = container_of(link, struct instance, link)->stop;
		bool has_own = stop && stop->sockets && stop->activations && knows_clients(stop);
		const struct cookie_set *own = has_own ? conn_query_followed(&stop->query) : NULL;
		size_t count = cookies->count + (own ? own->count : 0);
		uint64_t *list = own ? reallocarray(cookies->list, count + 1, sizeof(*list)) : NULL;

		if (!list)
			continue;
		memcpy(list + cookies->count, own->list, own->count * sizeof(*list));
		*cookies = (struct cookie_set){ .list = list, .count = count, .room = count + 1 };
	}
	cookie_set_sort(cookies);
	query->asks = cookies->count ? ASK_OTHERS : ASK_CLIENTS;
}

void stop_end(struct instance *instance)
{
	struct stop *stop = instance->stop;

	if (!stop || (!stop->sockets && runtime_state(instance->context) != STOPPING)) {
		stop_forget(instance);
		instance_stop(instance);
		return;
	}
	if (is_ending(stop) || is_to_come(stop) || instance->facts.stopped)
		return;
	if (!stop->sockets) {           /* an idle one is frozen still */
		instance_thaw(instance);
		instance_limit(instance, 0);
	}
	enter_phase(stop, STOP_END);
	look_later(stop);
}

int stop_find_socket(struct service_runtime *runtime, int fd)
{
	struct conn_count wanted, conn;

	conn_count_init(&wanted, fd);
	LIST_EACH(link, runtime_instances(runtime)) {
		const struct instance *instance = container_of(link, struct instance, link);

		for (size_t n = 0; stop_is_beside(instance) && n < instance->stop->count; n++) {
			int own = instance->stop->sockets[n];

			conn_count_init(&conn, own);
			if (conn_count_is_same(&conn, &wanted) && !bind_is_shut(own))
				return own;
		}
	}
	return -1;
}

void stop_hurry_holder(struct service_runtime *runtime, const struct listener *listener)
{
	struct event event = { .name = "draining", .service = runtime->service->name };

	LIST_EACH(link, &runtime->engine->listeners->drained) {
		struct stop *stop = container_of(link, struct stop, held.link);
		bool has_it = false;

		for (size_t n = 0; n < stop->count; n++)
			has_it |= bind_beside_is_at_port(stop->sockets[n], listener->listen);
		if (!has_it || is_ending(stop))
			continue;
		event.pid = stop->instance->pid;
		log_event(runtime->engine->log, LEVEL_NOTICE, &event,
			  "pid %ld of %s has its address from a previous configuration: superd stops it when no "
			  "client waits there", (long)event.pid, stop->instance->service->name);
		stop_end(stop->instance);
	}
}

static void save_sockets(struct state_saver *saver, const void *object)
{
	const struct stop *stop = object;

	for (size_t n = 0; n < stop->count; n++)
		save_fd(saver, "fd", stop->sockets[n]);
}

static int *load_sockets(struct state_section *section, size_t *count)
{
	int *sockets = malloc((section->count + 1) * sizeof(*sockets));

	*count = 0;
	for (size_t n = 0; sockets && n < section->count; n++) {
		struct state_entry *entry = &section->entries[n];
		int fd = !strcmp(entry->key, "fd") ? load_fd_of(section, entry) : -1;

		if (fd >= 0)
			sockets[(*count)++] = fd;
	}
	return sockets;
}

/* The next superd could not tell these clients from later ones. */
static void save_guests(struct state_saver *saver, const void *object)
{
	const struct stop *stop = object;
	const struct cookie_set *cookies = conn_query_followed(&stop->query);
	uint64_t *ids = calloc(cookies->count + 1, sizeof(*ids));

	for (size_t n = 0; ids && n < cookies->count; n++)
		ids[n] = cookies->list[n] & ~COOKIE_HELD;
	saver->text.failed |= !ids;
	if (ids)
		state_add_bytes(&saver->text, "guests", ids, cookies->count * sizeof(*ids));
	free(ids);
	save_number(saver, "failed", cookies->failed);
	save_number(saver, "noted", knows_clients(stop));
}

static void load_guests(struct state_section *section, void *object)
{
	struct stop *stop = object;
	struct cookie_set *cookies = &stop->query.cookies;
	size_t length;

	cookies->list = state_take_bytes(section, "guests", STATE_STREAM_MOST, &length);
	cookies->count = cookies->room = cookies->list ? length / sizeof(*cookies->list) : 0;
	cookie_set_sort(cookies);
	cookies->failed = state_flag(section, "failed");
	if (state_flag(section, "noted"))
		stop->query.asks = ASK_LEFT;
}

static const struct state_field stop_fields[] = {
	{ STATE_BY(stop, sockets, save_sockets, NULL) },
	{ STATE_BY(stop, query, save_guests, load_guests) },
	{ STATE_FIELD(stop, "reason", reason), .most = STOP_RESTART },
	{ STATE_FIELD(stop, "phase", phase), .most = STOP_DONE },
	{ STATE_FIELD(stop, "since", deadline.since), .always = true },
};
const struct field_table stop_state = FIELD_TABLE("drain", stop, stop_fields);

void stop_save(struct state_saver *saver, const struct instance *instance)
{
	if (instance->stop->sockets)
		state_save(saver, &stop_state, instance->stop);
}

void stop_load(struct instance *instance, struct state_section *section)
{
	size_t count;
	int *sockets = load_sockets(section, &count);
	struct stop *stop = sockets && !instance->stop ? make_stop(instance, count) : NULL;

	if (!stop) {
		close_sockets(sockets, count);
		return;
	}
	note_clients(stop, STOP_DRAIN, sockets);
	state_load(section, &stop_state, stop, NULL);
	if (stop->phase == STOP_NEWCOMER || (stop->phase == STOP_DONE && !instance->facts.stopped))
		stop->phase = STOP_END; /* not of superd's making */
	if (stop->phase == STOP_SERVE || stop->phase == STOP_END)
		look_later(stop);
}
