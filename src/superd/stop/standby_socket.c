/* Standby sockets, from their opening to the close of the first sockets. New clients come to the younger socket of an
 * address from its opening on, and never to the older one again. An instance may end before it has accepted all clients
 * of its sockets: some wait in the queue, some are in a handshake. If the kernel moves them to the younger sockets
 * (os/socket/reuseport), nothing is left to do. If it does not, the older ones linger. The next instance gets those
 * with a queue, and ends after these clients, for those who wait at the younger ones.
 *
 * A reload may come between. So superd finds the place of a socket that changes its owner by its address. The options
 * of the present configuration are set on an older one when it becomes the listener, as on any socket that a program
 * had. */
#include "superd/stop/standby_socket.h"

#include <stdlib.h>

#include "lib/fd.h"
#include "os/netdiag/conn_count.h"
#include "os/socket/bind.h"
#include "os/socket/reuseport.h"
#include "superd/instance/instance.h"
#include "superd/socket/listeners.h"
#include "superd/socket/restore.h"
#include "superd/socket/socket_path_watch.h"
#include "superd/loop/close_socket.h"

#define HANDSHAKE_SECONDS 1.            /* seconds that a handshake may take; the kernel repeats its part after that */

static bool has_path(const struct standby_sockets *standby_sockets, size_t n)
{
	return endpoint_is_path(standby_sockets->runtime->listeners[n].listen->address);
}

/* Whether the other socket of the pair is being shut down: who waits there comes to the listener. */
static bool is_leaving(const struct standby_sockets *standby_sockets, size_t n)
{
	return restore_is_asked(standby_sockets->runtime->engine, standby_sockets->pairs[n].other);
}

/* Whether clients wait at the other socket of the pair, or may come there. */
static bool has_clients(const struct standby_sockets *standby_sockets, size_t n)
{
	const struct standby_pair *pair = &standby_sockets->pairs[n];

	if (is_leaving(standby_sockets, n))
		return false;
	if (pair->older && pair->other >= 0)
		return has_path(standby_sockets, n) || !bind_is_shut(pair->other);
	return bind_has_queue(pair->other);
}

static bool any_has_clients(const struct standby_sockets *standby_sockets)
{
	for (size_t n = 0; n < standby_sockets->count; n++) {
		if (has_clients(standby_sockets, n))
			return true;
	}
	return false;
}

/* Whether no instance has the sockets of drained ones: the current one was started with the listeners. */
static bool has_drained_none(struct service_runtime *runtime)
{
	const struct standby_sockets *standby_sockets = standby_sockets_of(runtime);

	LIST_EACH(link, runtime_instances(runtime)) {
		if (container_of(link, struct instance, link) != runtime_current(runtime))
			return false;
	}
	return !runtime_current(runtime) || !standby_sockets || !standby_sockets->split;
}

static bool has_any(const struct standby_sockets *standby_sockets)
{
	for (size_t n = 0; n < standby_sockets->count; n++) {
		if (standby_sockets->pairs[n].other >= 0)
			return true;
	}
	return false;
}

static void close_other(struct standby_sockets *standby_sockets, size_t n)
{
	struct service_runtime *runtime = standby_sockets->runtime;
	int *other = &standby_sockets->pairs[n].other;

	restore_drop(runtime->engine, *other);
	close_socket_fd(runtime->engine, runtime->service->name, other);
}

static restore_done on_shut;

/* Ends the other socket of the pair. A process that superd has just forked may have a copy for a moment, or one that an
 * instance has left for longer. The socket would go on listening, and leave no room for the next standby socket, so it
 * is shut down for all; but not one that the process that passed it to superd may still want, nor one that earlier
 * instances go on with. It is closed then, once on_shut is called where others may keep its lock. */
static void leave_other(struct standby_sockets *standby_sockets, size_t n)
{
	struct service_runtime *runtime = standby_sockets->runtime;
	struct standby_pair *pair = &standby_sockets->pairs[n];
	const struct listener *listener = &runtime->listeners[n];
	bool is_wanted = listener->inherited && !bind_has_queue(pair->other);
	bool moves = listener_has_socket(listener) && !bind_is_shut(listener->fd) && reuseport_migrates(listener->fd);
	const struct restore_task task = { .fd = pair->other, .work = moves ? RESTORE_SHUT : RESTORE_SHUT_EMPTY };

	ev_io_stop(runtime->engine->loop, &pair->visit);
	pair->older = false;
	if (is_leaving(standby_sockets, n))
		return;
	if (pair->other < 0 || listener->listen->address->kind != ENDPOINT_TCP || is_wanted ||
	    bind_is_shut(pair->other) || !has_drained_none(runtime) ||
	    !restore_shut(runtime->engine, &task, runtime->service->name, on_shut, pair))
		close_other(standby_sockets, n);
}

/* Lets the kernel move the clients of the other socket to the listener, if it can: also those in a handshake. Where
 * earlier instances have it, too, and go on with it, it keeps its queue. true: they are moved, or on_shut follows. */
static bool merge_other(struct standby_sockets *standby_sockets, size_t n)
{
	struct service_runtime *runtime = standby_sockets->runtime;
	struct listener *listener = &runtime->listeners[n];
	int other = standby_sockets->pairs[n].other;
	bool has_queue = bind_has_queue(other);
	struct restore_task task = { .fd = other, .work = RESTORE_SHUT };

	if (is_leaving(standby_sockets, n))
		return true;
	if (other < 0 || listener->listen->address->kind != ENDPOINT_TCP || !listener_has_socket(listener) ||
	    bind_is_shut(other) || bind_is_shut(listener->fd) || !reuseport_migrates(listener->fd) ||
	    (has_queue && !has_drained_none(runtime)))
		return false;
	if (listener->listen->options->flush_pending && !runtime_current(runtime)) {
		task.listen = listener->listen;
		task.drops = DROPS_MOST;        /* they would come behind that of the listener */
	}
	if (has_queue && !restore_shut(runtime->engine, &task, runtime->service->name, on_shut,
				       &standby_sockets->pairs[n]) && !bind_is_shut(other))
		return false;
	leave_other(standby_sockets, n);
	listener_rouse(listener, runtime->engine);
	return true;
}

/* Without a current instance the sockets with clients become listeners again; else the instance has to be stopped
 * first. */
static void serve_clients_left(struct standby_sockets *standby_sockets)
{
	struct service_runtime *runtime = standby_sockets->runtime;

	if (!runtime_current(runtime))
		standby_sockets_settle(runtime);
	runtime_post(runtime, runtime_current(runtime) ? DRAIN_DUE : LOOK);
}

/* Ends what is kept, as soon as no client can come there any more. */
static void end_others(struct standby_sockets *standby_sockets)
{
	struct service_runtime *runtime = standby_sockets->runtime;

	if (standby_sockets->split || ev_is_active(&standby_sockets->late))
		return;
	if (any_has_clients(standby_sockets)) {
		serve_clients_left(standby_sockets);
		return;
	}
	for (size_t n = 0; n < standby_sockets->count; n++) {
		if (!merge_other(standby_sockets, n))
			leave_other(standby_sockets, n);
	}
	if (has_any(standby_sockets))
		return;
	standby_sockets_free(runtime);
	runtime_post(runtime, UNREACHABLE);     /* until now nothing was opened anew */
}

static void on_late(struct ev_loop *loop, ev_timer *timer, int events)
{
	(void)loop, (void)events;
	end_others(timer->data);
}

/* One that a process keeps locked is closed, or kept for the clients who wait there; so is one where a client has come
 * meanwhile whom the kernel does not move. */
static void on_shut(void *context, struct engine *engine, const struct restore_outcome *outcome)
{
	struct standby_pair *pair = context;
	struct standby_sockets *standby_sockets = pair->visit.data;
	size_t n = (size_t)(pair - standby_sockets->pairs);
	struct listener *listener = &standby_sockets->runtime->listeners[n];

	(void)outcome;
	if (bind_is_shut(pair->other)) {
		close_other(standby_sockets, n);
		listener_rouse(listener, engine);
	}
	if (has_clients(standby_sockets, n))
		serve_clients_left(standby_sockets);
	else if (!ev_is_active(&standby_sockets->late))
		end_others(standby_sockets);
	engine->listeners->on_restored(listener);       /* a stop may wait for that */
}

/* Runs once: clients that cannot be served now are served when the current instance is ready, or has ended. */
static void on_visit(struct ev_loop *loop, ev_io *io, int events)
{
	struct standby_sockets *standby_sockets = io->data;

	(void)events;
	ev_io_stop(loop, io);
	if (!standby_sockets->split && any_has_clients(standby_sockets))
		serve_clients_left(standby_sockets);
}

static void standby_sockets_stop_lingering(struct standby_sockets *standby_sockets)
{
	for (size_t n = 0; n < standby_sockets->count; n++)
		ev_io_stop(standby_sockets->runtime->engine->loop, &standby_sockets->pairs[n].visit);
}

static void watch_visits(struct standby_sockets *standby_sockets)
{
	for (size_t n = 0; n < standby_sockets->count; n++) {
		struct standby_pair *pair = &standby_sockets->pairs[n];

		ev_io_stop(standby_sockets->runtime->engine->loop, &pair->visit);
		if (standby_sockets->split || pair->other < 0 || is_leaving(standby_sockets, n) ||
		    has_clients(standby_sockets, n) || bind_is_shut(pair->other))
			continue;
		ev_io_set(&pair->visit, pair->other, EV_READ);
		ev_io_start(standby_sockets->runtime->engine->loop, &pair->visit);
	}
}

static struct standby_sockets *standby_sockets_new(struct service_runtime *runtime)
{
	struct standby_sockets *standby_sockets =
		calloc(1, sizeof(*standby_sockets) + runtime->listener_count * sizeof(standby_sockets->pairs[0]));

	if (!standby_sockets)
		return NULL;
	standby_sockets->runtime = runtime;
	ev_init(&standby_sockets->late, on_late);
	standby_sockets->late.data = standby_sockets;
	standby_sockets->count = runtime->listener_count;
	for (size_t n = 0; n < standby_sockets->count; n++) {
		standby_sockets->pairs[n].other = -1;
		ev_init(&standby_sockets->pairs[n].visit, on_visit);
		standby_sockets->pairs[n].visit.data = standby_sockets;
	}
	return runtime->run->standby_sockets = standby_sockets;
}

/* Notes why the socket has no second one; only of the first such socket. */
static void note_lack(struct service_runtime *runtime, const struct listener *listener, const char *why)
{
	struct buf *lack = &runtime->run->lack;

	if (lack->length)
		return;
	endpoint_format(listener->listen->endpoint, lack);
	buf_addf(lack, ": %s", why);
}

/* NULL: nothing is in the way of a second one. Registrations with rpcbind go by descriptor. */
static const char *find_obstacle(const struct listener *listener)
{
	return endpoint_is_rpc(listener->listen->endpoint) ? "rpcbind knows it" : reuseport_obstacle(listener->listen);
}

/* Clients of tcpmux come to no socket of the service. */
static bool may_have(const struct listener *listener)
{
	return listener_has_socket(listener) && !find_obstacle(listener);
}

bool standby_sockets_may_have(const struct service_runtime *runtime)
{
	for (size_t n = 0; n < runtime->listener_count; n++) {
		if (listener_has_socket(&runtime->listeners[n]) && find_obstacle(&runtime->listeners[n]))
			return false;
	}
	return true;
}

/* Whether all kept sockets make room: new clients come there already, or nobody waits there. */
static bool make_room(const struct standby_sockets *standby_sockets)
{
	for (size_t n = 0; n < standby_sockets->count; n++) {
		if (!standby_sockets->pairs[n].older && has_clients(standby_sockets, n))
			return false;
	}
	return true;
}

bool standby_sockets_prepare(struct service_runtime *runtime)
{
	struct standby_sockets *standby_sockets = standby_sockets_of(runtime);
	bool ready = true;

	if (standby_sockets && (standby_sockets->split || !make_room(standby_sockets)))
		return true;
	for (size_t n = 0; n < runtime->listener_count; n++) {
		struct listener *listener = &runtime->listeners[n];

		if (standby_sockets && !standby_sockets->pairs[n].older) {
			leave_other(standby_sockets, n);
			ready &= !is_leaving(standby_sockets, n);
		}
		if (may_have(listener) && !(standby_sockets && standby_sockets->pairs[n].older))
			ready &= listener_share(listener, runtime->engine, runtime->service->name);
	}
	return ready;
}

static void open_standby_socket(struct standby_sockets *standby_sockets, size_t n)
{
	struct listener *listener = &standby_sockets->runtime->listeners[n];
	struct engine *engine = standby_sockets->runtime->engine;
	struct buf why = { 0 }, warnings = { 0 };
	int fd = reuseport_open(listener->fd, listener->listen, &why, &warnings);

	if (fd >= 0)
		standby_sockets->pairs[n].other = listener_swap(listener, engine, fd);
	if (fd >= 0 && has_path(standby_sockets, n)) { /* another node lies there now */
		socket_path_watch_forget(engine, listener->node);
		listener->node = socket_path_watch_watch(engine, listener->listen, listener->fd);
	}
	if (fd < 0)
		note_lack(standby_sockets->runtime, listener, buf_string(&why));
	buf_free(&why);
	buf_free(&warnings);
}

/* The other socket of the pair becomes the listener, for the next instance. The kernel sends new clients to the younger
 * one in any case. */
static void swap_pair(struct standby_sockets *standby_sockets, size_t n)
{
	struct standby_pair *pair = &standby_sockets->pairs[n];

	pair->older = !pair->older;
	pair->other = listener_swap(&standby_sockets->runtime->listeners[n], standby_sockets->runtime->engine,
				    pair->other);
}

void standby_sockets_open(struct service_runtime *runtime)
{
	struct standby_sockets *standby_sockets = standby_sockets_of(runtime);
	struct buf *lack = &runtime->run->lack;

	if (standby_sockets && standby_sockets->split)
		return;
	buf_clear(lack);
	if (!standby_sockets)
		standby_sockets = standby_sockets_new(runtime);
	else if (!make_room(standby_sockets)) {
		buf_text(lack, "clients wait at an earlier one of its sockets, and an address has two at most");
		return;
	}
	if (!standby_sockets) {
		buf_text(lack, "out of memory");
		return;
	}
	standby_sockets_stop_lingering(standby_sockets);
	standby_sockets->split = true;
	for (size_t n = 0; n < standby_sockets->count; n++) {
		const struct listener *listener = &runtime->listeners[n];

		if (standby_sockets->pairs[n].older)
			swap_pair(standby_sockets, n);
		else
			close_other(standby_sockets, n);
		if (standby_sockets->pairs[n].other >= 0 || !listener_has_socket(listener))
			continue;
		if (find_obstacle(listener))
			note_lack(runtime, listener, find_obstacle(listener));
		else
			open_standby_socket(standby_sockets, n);
	}
	if (!has_any(standby_sockets))
		standby_sockets_free(runtime);
}

/* An instance has shut its socket down, and the other socket of the pair is still good. */
static bool has_lost_one(const struct standby_sockets *standby_sockets, size_t n)
{
	int other = standby_sockets->pairs[n].other;

	return other >= 0 && bind_is_shut(standby_sockets->runtime->listeners[n].fd) && !bind_is_shut(other);
}

/* anew: until now the instance had the other socket of a pair. true: that is kept for clients. */
static bool settle_pair(struct standby_sockets *standby_sockets, size_t n, bool anew)
{
	const struct standby_pair *pair = &standby_sockets->pairs[n];

	if (pair->older)
		swap_pair(standby_sockets, n);
	if (has_lost_one(standby_sockets, n))   /* nobody can be moved to the listener any more */
		restore_call_off(standby_sockets->runtime->engine, pair->other);
	if (merge_other(standby_sockets, n))
		return false;
	if (has_clients(standby_sockets, n) || has_lost_one(standby_sockets, n))
		swap_pair(standby_sockets, n);
	/* A handshake with the other one may be under way. With a unix socket that takes no time. */
	if (has_clients(standby_sockets, n) ||
	    (pair->other >= 0 && !bind_is_shut(pair->other) && !has_path(standby_sockets, n) &&
	     (anew || ev_is_active(&standby_sockets->late))))
		return true;
	leave_other(standby_sockets, n);
	return false;
}

void standby_sockets_settle(struct service_runtime *runtime)
{
	struct standby_sockets *standby_sockets = standby_sockets_of(runtime);
	struct event event = { .name = "twin", .service = runtime->service->name };
	bool any = false, anew;

	if (!standby_sockets)
		return;
	standby_sockets_stop_lingering(standby_sockets);
	anew = standby_sockets->split;
	standby_sockets->split = false;
	for (size_t n = 0; n < standby_sockets->count; n++) {
		if (anew)               /* what the stop has asked for */
			restore_drop(runtime->engine, standby_sockets->pairs[n].other);
		any = settle_pair(standby_sockets, n, anew) || any;
	}
	if (!has_any(standby_sockets))
		standby_sockets_free(runtime);
	if (!any)
		return;
	log_event(runtime->engine->log, LEVEL_DEBUG, &event, "%s where its last instance was",
		  any_has_clients(standby_sockets) ? "clients are left" : "clients may still connect");
	if (anew || !ev_is_active(&standby_sockets->late))
		standby_sockets_linger(standby_sockets);
	else
		watch_visits(standby_sockets);
}

/* With defer_accept a handshake is over when the client has sent something. */
static double handshake_time(const struct standby_sockets *standby_sockets)
{
	int64_t deferred = 0;

	for (size_t n = 0; n < standby_sockets->count; n++) {
		int64_t one = standby_sockets->runtime->listeners[n].listen->options->defer_accept;

		deferred = one > deferred ? one : deferred;
	}
	return HANDSHAKE_SECONDS + (double)deferred / 1e6;
}

void standby_sockets_linger(struct standby_sockets *standby_sockets)
{
	ev_timer_stop(standby_sockets->runtime->engine->loop, &standby_sockets->late);
	ev_timer_set(&standby_sockets->late, handshake_time(standby_sockets), 0.);
	ev_timer_start(standby_sockets->runtime->engine->loop, &standby_sockets->late);
	watch_visits(standby_sockets);
}

bool standby_sockets_have_clients(const struct service_runtime *runtime)
{
	const struct standby_sockets *standby_sockets = standby_sockets_of(runtime);

	return standby_sockets && !standby_sockets->split && any_has_clients(standby_sockets);
}

void standby_sockets_restore(struct service_runtime *runtime)
{
	struct standby_sockets *standby_sockets = standby_sockets_of(runtime);

	for (size_t n = 0; standby_sockets && n < standby_sockets->count; n++) {
		if (!standby_sockets->pairs[n].older)
			continue;
		swap_pair(standby_sockets, n);
		standby_sockets->split = runtime_current(runtime);
	}
	for (size_t n = 0; standby_sockets && standby_sockets->split && n < standby_sockets->count; n++) {
		if (is_leaving(standby_sockets, n))     /* that is not the instance's */
			close_other(standby_sockets, n);
	}
}

void standby_sockets_free(struct service_runtime *runtime)
{
	struct standby_sockets *standby_sockets = standby_sockets_of(runtime);

	if (!standby_sockets)
		return;
	standby_sockets_restore(runtime);
	standby_sockets_stop_lingering(standby_sockets);
	for (size_t n = 0; n < standby_sockets->count; n++)
		close_other(standby_sockets, n);
	ev_timer_stop(runtime->engine->loop, &standby_sockets->late);
	runtime->run->standby_sockets = NULL;
	free(standby_sockets);
}

struct standby_sockets *standby_sockets_load(struct service_runtime *runtime)
{
	struct standby_sockets *standby_sockets = standby_sockets_new(runtime);

	if (standby_sockets)
		standby_sockets_linger(standby_sockets);
	return standby_sockets;
}

void standby_sockets_go_on(struct service_runtime *runtime)
{
	struct standby_sockets *standby_sockets = standby_sockets_of(runtime);

	for (size_t n = 0; standby_sockets && !standby_sockets->split && n < standby_sockets->count; n++) {
		if (!standby_sockets->pairs[n].older)
			merge_other(standby_sockets, n);
	}
}

int *standby_sockets_release(struct service_runtime *runtime)
{
	struct standby_sockets *standby_sockets = standby_sockets_of(runtime);
	int *given = standby_sockets ? malloc((standby_sockets->count + 1) * sizeof(*given)) : NULL;

	if (!given)
		return NULL;
	for (size_t n = 0; n < standby_sockets->count; n++) {
		given[n] = standby_sockets->pairs[n].other;
		restore_drop(runtime->engine, given[n]);
		standby_sockets->pairs[n].other = -1;
		standby_sockets->pairs[n].older = false;
	}
	standby_sockets_free(runtime);
	return given;
}

struct listener *standby_sockets_find_listener(const struct service_runtime *runtime, int fd)
{
	struct conn_count wanted, conn;

	if (fd < 0)
		return NULL;
	conn_count_init(&wanted, fd);
	for (size_t n = 0; n < runtime->listener_count; n++) {
		if (!listener_has_socket(&runtime->listeners[n]))
			continue;
		conn_count_init(&conn, runtime->listeners[n].fd);
		if (conn_count_is_same(&conn, &wanted))
			return &runtime->listeners[n];
	}
	return NULL;
}

/* true: the socket is kept for clients, beside a listener. */
static bool take_socket(struct service_runtime *runtime, int *fd)
{
	struct listener *listener = standby_sockets_find_listener(runtime, *fd);
	struct standby_sockets *standby_sockets = standby_sockets_of(runtime);
	size_t n = listener ? (size_t)(listener - runtime->listeners) : 0;

	if (!listener || bind_is_shut(*fd))
		return false;
	if (!standby_sockets)
		standby_sockets = standby_sockets_new(runtime);
	if (!standby_sockets || standby_sockets->split || standby_sockets->pairs[n].other >= 0)
		return false;           /* out of memory: an address has two sockets at most */
	standby_sockets->pairs[n].other = *fd;
	*fd = -1;
	if (merge_other(standby_sockets, n))
		return false;
	if (!has_path(standby_sockets, n) || bind_has_queue(standby_sockets->pairs[n].other))
		return true;
	close_other(standby_sockets, n);
	return false;
}

void standby_sockets_take(struct service_runtime *runtime, int *sockets, size_t count)
{
	bool any = false;

	for (size_t n = 0; n < count && runtime->run && runtime_state(runtime) != OFF; n++)
		any = take_socket(runtime, &sockets[n]) || any;
	for (size_t n = 0; n < count; n++) {
		if (sockets[n] >= 0)
			close_socket_fd(runtime->engine, runtime->service->name, &sockets[n]);
	}
	if (any)
		standby_sockets_linger(standby_sockets_of(runtime));
	if (any && !runtime_current(runtime))
		standby_sockets_settle(runtime);
	if (standby_sockets_of(runtime) && !has_any(standby_sockets_of(runtime)))
		standby_sockets_free(runtime);
}

void standby_sockets_adopt(struct service_runtime *runtime, const struct service *service)
{
	struct standby_sockets *standby_sockets = standby_sockets_of(runtime);
	struct event event = { .name = "bind_error", .service = runtime->service->name };

	for (size_t n = 0; standby_sockets && n < standby_sockets->count; n++) {
		struct buf why = { 0 }, warnings = { 0 };

		if (standby_sockets->pairs[n].other >= 0 && standby_sockets->pairs[n].older &&
		    bind_adjust(standby_sockets->pairs[n].other, runtime->listeners[n].listen, &service->sockets[n],
				false, &why, &warnings) < 0) {
			log_event(runtime->engine->log, LEVEL_WARNING, &event,
				  "superd refuses the clients that wait at a previous socket: %s", buf_string(&why));
			close_socket_fd(runtime->engine, runtime->service->name, &standby_sockets->pairs[n].other);
		}
		buf_free(&why);
		buf_free(&warnings);
	}
}

static const struct state_field standby_fields[] = {
	{ STATE_FIELD(standby_sockets, "apart", split) },
};
const struct field_table standby_state = FIELD_TABLE("twins", standby_sockets, standby_fields);

static const struct state_field pair_fields[] = {
	{ STATE_FIELD_AS(STATE_FD, standby_pair, "fd", other) },
	{ STATE_FIELD(standby_pair, "older", older) },
};
const struct field_table pair_state = FIELD_TABLE("twin", standby_pair, pair_fields);
