/* Drains an instance: it serves the clients it has to the end, while a successor serves new ones. Both have the same
 * address, so superd knows the clients one by one, as the kernel listed them when the standby sockets were open
 * (superd/clients/conn_query). A client that the successor has accepted before that count passes for one of the old
 * instance, which then ends late. Clients in the queue of a standby socket belong to
 * neither. */
#include "superd/stop/drain.h"

#include <stdlib.h>
#include <string.h>

#include "lib/clock.h"
#include "lib/fd.h"
#include "os/netdiag/foreign_socket.h"
#include "os/socket/bind.h"
#include "os/socket/reuseport.h"
#include "superd/listener/listeners.h"
#include "superd/stop/drain_internal.h"
#include "superd/stop/standby_socket.h"

#define LOOK_FIRST .02                  /* seconds until the first look; each pause is twice as long */
#define LOOK_LAST 20.                   /* seconds between two looks at most */
#define LOOK_AT_END .005                /* the first of these pauses when the instance is being ended */
#define LAST_AT_END .05                 /* the longest of them then */
#define FAILURES_MOST 3                 /* failed counts after which the clients are unknown */

/* Clients in the queues of its sockets. */
static unsigned count_queues(const struct drain *drain)
{
	unsigned count = 0;

	for (size_t n = 0; n < drain->count; n++)
		count += bind_clients(drain->sockets[n].fd);
	return count;
}

static bool have_queues(const struct drain *drain)
{
	for (size_t n = 0; n < drain->count; n++) {
		if (bind_has_queue(drain->sockets[n].fd))
			return true;
	}
	return false;
}

static void drain_free(struct drain *drain)
{
	list_remove(&drain->held.link);
	for (size_t n = 0; n < drain->count; n++) {
		if (drain->sockets[n].fd >= 0)
			fd_close(&drain->sockets[n].fd);
	}
	conn_query_free(&drain->query);
	free(drain->sockets);
	free(drain);
}

/* The instance has ended: clients that it has not accepted, or that are still to come, go to the runtime. */
static void give_sockets_back(struct drain *drain)
{
	struct service_runtime *runtime = drain->instance->context;

	if (runtime->engine->stopping || runtime_state(runtime) == OFF || runtime_state(runtime) == CLOSING)
		return;
	standby_sockets_take(runtime, drain->sockets, drain->count);
	runtime_post(runtime, LOOK);
	runtime_post(runtime, DRAIN_DUE);
}

void drain_forget(struct instance *instance)
{
	struct drain *drain = instance->drain;

	if (!drain)
		return;
	ev_timer_stop(instance->engine->loop, &drain->timer);
	conn_query_cancel(&drain->query);
	instance->drain = NULL;
	if (!drain->has_copies)
		give_sockets_back(drain);
	drain_free(drain);
}

void drain_look_later(struct drain *drain)
{
	double last = drain->ending ? LAST_AT_END : LOOK_LAST;

	ev_timer_stop(drain->instance->engine->loop, &drain->timer);
	ev_timer_set(&drain->timer, drain->wait, 0.);
	ev_timer_start(drain->instance->engine->loop, &drain->timer);
	drain->wait = drain->wait < last / 2 ? 2 * drain->wait : last;
}

/* The service stops together with an instance that is still its current one. */
static void stop_instance(struct instance *instance)
{
	if (instance->retired)
		instance_stop(instance);
	else
		runtime_post(instance->context, HALT);
}

static void finish_drain(struct drain *drain)
{
	struct instance *instance = drain->instance;
	struct event event = { .name = "drained", .service = instance->service->name, .pid = instance->pid };

	ev_timer_stop(instance->engine->loop, &drain->timer);
	log_event(instance->engine->log, LEVEL_INFO, &event, "%s: stopping pid %ld",
		  drain->ending ? "no client waits for it any more" : "its clients have left", (long)event.pid);
	stop_instance(instance);
}

static void log_begin(const struct drain *drain)
{
	struct instance *instance = drain->instance;
	struct event event = { .name = "draining", .service = instance->service->name, .pid = instance->pid };
	size_t count = drain->query.cookies.count;

	if (!drain->unknown)
		log_event(instance->engine->log, LEVEL_INFO, &event,
			  "pid %ld serves the %zu client%s it has %s", (long)event.pid, count,
			  count == 1 ? "" : "s", drain->ending ? "while it makes progress" : "to the end");
	else
		log_event(instance->engine->log, LEVEL_WARNING, &event,
			  "the clients of pid %ld are unknown: it %s", (long)event.pid,
			  drain->waits_if_unknown ? "keeps running until it is stopped" : "is stopped");
}

/* A count may fail for want of descriptors or memory, so it is repeated. If a successor has started meanwhile, what a
 * process holds may be its client. It would be cut off when the successor seems idle, so nobody is left out then. */
static void take_noted_clients(struct drain *drain)
{
	struct service_runtime *runtime = drain->instance->context;
	unsigned failures = drain->query.failures;

	runtime_post(runtime, LOOK);    /* new clients are admitted again */
	if (failures && failures <= FAILURES_MOST && !drain->ending) {
		drain_look_later(drain);
		return;
	}
	conn_query_seek(&drain->query);
	drain->unknown = failures && !drain->ending;
	drain->has_own = !failures && !runtime_current(runtime) &&
			 runtime->run->stats.activations == drain->activations;
	runtime_note_change(runtime);   /* the next superd could not tell them from later ones */
	log_begin(drain);
	if (drain->unknown && !drain->waits_if_unknown)
		drain_end(drain->instance);
	else if (drain->unknown && drain->has_copies)
		drain->paused = true;
	else
		drain_look_later(drain);
}

static void look_again(struct drain *drain)
{
	drain->clear = false;
	drain_look_later(drain);
}

/* Looks twice: the first count may miss a connection that left its handshake and was accepted meanwhile. */
static void look_once_more(struct drain *drain)
{
	drain->clear = true;
	drain->wait = LOOK_AT_END;
	drain_look_later(drain);
}

static void take_count(struct drain *drain, bool anybody)
{
	if (anybody)
		look_again(drain);
	else if (drain->clear)
		finish_drain(drain);
	else
		look_once_more(drain);
}

/* An earlier instance may have the same sockets, and goes on with them. */
static bool is_alone(const struct drain *drain)
{
	struct service_runtime *runtime = drain->instance->context;

	LIST_EACH(link, runtime_instances(runtime)) {
		const struct instance *other = container_of(link, struct instance, link);

		if (other != drain->instance && other != runtime_current(runtime))
			return false;
	}
	return true;
}

/* Moves clients that still wait at the deadline to the successor's sockets, if the kernel can. */
static void move_queues(struct drain *drain)
{
	bool alone = is_alone(drain);

	for (size_t n = 0; n < drain->count && alone; n++) {
		int fd = drain->sockets[n].fd;
		struct listener *listener = standby_sockets_find_listener(drain->instance->context, fd);

		if (listener && bind_has_queue(fd))
			reuseport_migrate(fd, listener->io.fd);
	}
}

/* Called after drain_end. Of its clients only those count that the kernel tells one by one, and those in its queues. */
static void take_count_at_end(struct drain *drain)
{
	unsigned known = drain->query.cookies.failed ? 0 : conn_query_sum(&drain->query);
	unsigned left = count_queues(drain) + known;

	if (left && drain_deadline_is_over(&drain->deadline, clock_now(), drain->instance->pid, left)) {
		drain_deadline_log_over(drain->instance->context, drain->instance->pid, left);
		move_queues(drain);
		ev_timer_stop(drain->instance->engine->loop, &drain->timer);
		stop_instance(drain->instance);
	} else {
		take_count(drain, left);
	}
}

static void on_counted(struct conn_query *query)
{
	struct drain *drain = container_of(query, struct drain, query);

	if (!drain_knows_clients(drain))
		take_noted_clients(drain);
	else if (drain->ending)
		take_count_at_end(drain);
	else
		take_count(drain, have_queues(drain) || conn_query_sum(query) || !conn_query_is_complete(query));
}

static void start_count(struct drain *drain)
{
	if (!drain->unknown && conn_query_start(&drain->query))
		return;
	if (drain->ending)
		take_count_at_end(drain);
	else
		drain_look_later(drain);
}

static void on_timer(struct ev_loop *loop, ev_timer *timer, int events)
{
	(void)loop, (void)events;
	start_count(timer->data);
}

/* Whether every listener with a socket has a standby socket. A listener without a socket belongs to tcpmux, or is
 * optional and could not be opened. */
static bool have_standby_sockets(const struct service_runtime *runtime)
{
	const struct standby_sockets *standby_sockets = runtime->run->standby_sockets;

	for (size_t n = 0; n < runtime->listener_count; n++) {
		if (listener_has_socket(&runtime->listeners[n]) &&
		    (!standby_sockets || !standby_sockets->split || standby_sockets->pairs[n].other < 0))
			return false;
	}
	return standby_sockets && runtime->listener_count > 0;
}

struct drain *drain_make(struct instance *instance, size_t count)
{
	struct drain *drain = calloc(1, sizeof(*drain));

	if (!drain || !conn_query_init(&drain->query, instance->context, count, on_counted)) {
		free(drain);
		return NULL;
	}
	drain->instance = instance;
	conn_query_note(&drain->query);
	ev_init(&drain->timer, on_timer);
	drain->timer.data = drain;
	list_init(&drain->held.link);
	drain->wait = LOOK_FIRST;
	return drain;
}

void drain_start(struct drain *drain, struct drained_socket *sockets, size_t count)
{
	drain->sockets = sockets;
	drain->count = count;
	for (size_t n = 0; n < count; n++) {
		if (sockets[n].fd >= 0)
			conn_query_add(&drain->query, sockets[n].fd, ANY_KIND);
	}
	drain->held.sockets = sockets;
	drain->held.count = count;
	list_add(&drain->instance->engine->listeners->drained, &drain->held.link);
	drain->instance->drain = drain;
}

/* Moves the sockets of the current instance to a new drain of it. NULL: out of memory. */
static struct drain *make_drain_of_standby_sockets(struct service_runtime *runtime)
{
	size_t count = runtime->run->standby_sockets->count;
	struct drain *drain = drain_make(runtime_current(runtime), count);
	struct drained_socket *sockets = drain ? standby_sockets_release(runtime) : NULL;

	if (sockets) {
		drain_start(drain, sockets, count);
		return drain;
	}
	if (drain)
		drain_free(drain);
	return NULL;
}

bool drain_begin(struct service_runtime *runtime, bool waits_if_unknown)
{
	bool can = have_standby_sockets(runtime) && !runtime_current(runtime)->drain;
	struct drain *drain = can ? make_drain_of_standby_sockets(runtime) : NULL;

	if (!drain)
		return false;
	drain->waits_if_unknown = waits_if_unknown;
	drain->activations = runtime->run->stats.activations;
	start_count(drain);
	return true;
}

static struct drained_socket *copy_sockets(const struct service_runtime *runtime)
{
	struct drained_socket *copies = calloc(runtime->listener_count + 1, sizeof(*copies));

	for (size_t n = 0; copies && n < runtime->listener_count; n++) {
		const struct listener *listener = &runtime->listeners[n];

		copies[n].fd = listener_has_socket(listener) ? foreign_socket_copy(listener->io.fd) : -1;
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

/* Counts the clients anew, as more have come since. */
static void count_anew(struct drain *drain, struct service_runtime *runtime, bool begins)
{
	ev_timer_stop(runtime->engine->loop, &drain->timer);
	conn_query_note(&drain->query);
	drain->unknown = drain->clear = false;
	drain->wait = LOOK_FIRST;
	drain->paused = !begins || !has_clients(runtime);
	if (!drain->paused)
		start_count(drain);
}

void drain_lend(struct service_runtime *runtime, bool begins)
{
	struct instance *current = runtime_current(runtime);
	struct drain *drain = current->drain;
	struct drained_socket *copies;

	if (drain && (!drain->has_copies || drain->ending))
		return;
	if (!drain) {
		drain = drain_make(current, runtime->listener_count);
		copies = drain ? copy_sockets(runtime) : NULL;
		if (!copies) {
			if (drain)
				drain_free(drain);
			return;
		}
		drain->has_copies = drain->waits_if_unknown = true;
		drain_start(drain, copies, runtime->listener_count);
	}
	count_anew(drain, runtime, begins);
}

void drain_call_off(struct service_runtime *runtime)
{
	struct instance *current = runtime_current(runtime);

	if (current && current->drain && current->drain->has_copies && !current->drain->ending)
		drain_forget(current);
}

bool drain_waits(const struct instance *instance)
{
	return instance->drain && !instance->drain->paused;
}

bool drain_has_standby(const struct instance *instance)
{
	return instance->drain && !instance->drain->has_copies;
}

void drain_replaced(struct service_runtime *runtime)
{
	const struct service_run *run = runtime->run;
	struct drain *drain;

	if (!run || !run->standby_sockets || !run->standby_sockets->split || !run->current)
		return;
	drain = make_drain_of_standby_sockets(runtime);
	if (drain)
		drain_end(drain->instance);
}

bool drain_is_under_way(struct service_runtime *runtime)
{
	LIST_EACH(link, runtime_instances(runtime)) {
		if (drain_has_standby(container_of(link, struct instance, link)))
			return true;
	}
	return false;
}

bool drain_is_counting(const struct instance *instance)
{
	return instance->drain && conn_query_is_open(&instance->drain->query);
}

bool drain_is_noting(struct service_runtime *runtime)
{
	if (runtime->service->exec->accept)     /* instances may be many, and none of them is a successor */
		return false;
	LIST_EACH(link, runtime_instances(runtime)) {
		const struct instance *instance = container_of(link, struct instance, link);

		if (drain_has_standby(instance) && drain_is_counting(instance) && !drain_knows_clients(instance->drain))
			return true;
	}
	return false;
}

/* Copies the cookies, as a drain may end while the query is under way. */
void drain_spare_clients(struct conn_query *query)
{
	struct cookie_set *cookies = &query->cookies;

	cookies->count = 0;
	LIST_EACH(link, runtime_instances(query->runtime)) {
		const struct drain *drain = container_of(link, struct instance, link)->drain;
		const struct cookie_set *own = drain && drain->has_own ? conn_query_followed(&drain->query) : NULL;
		size_t count = cookies->count + (own ? own->count : 0);
		uint64_t *list = own ? reallocarray(cookies->list, count + 1, sizeof(*list)) : NULL;

		if (!list)
			continue;
		memcpy(list + cookies->count, own->list, own->count * sizeof(*list));
		*cookies = (struct cookie_set){ .list = list, .count = count, .room = count + 1 };
	}
	cookie_set_sort(cookies);
	query->use = cookies->count ? COOKIES_SPARED : COOKIES_IGNORED;
}

void drain_end(struct instance *instance)
{
	struct drain *drain = instance->drain;

	if (!drain) {
		instance_stop(instance);
		return;
	}
	if (drain->ending || instance->facts.stopped)
		return;
	drain->ending = true;
	drain->paused = drain->unknown = false;
	drain_deadline_begin(&drain->deadline, clock_now());
	drain->wait = LOOK_AT_END;
	drain_look_later(drain);
}

struct drained_socket *drain_find_socket(struct service_runtime *runtime, int fd)
{
	struct conn_count wanted, conn;

	conn_count_init(&wanted, fd);
	LIST_EACH(link, runtime_instances(runtime)) {
		const struct drain *drain = container_of(link, struct instance, link)->drain;

		for (size_t n = 0; drain && !drain->has_copies && n < drain->count; n++) {
			conn_count_init(&conn, drain->sockets[n].fd);
			if (conn_count_is_same(&conn, &wanted) && !bind_is_shut(drain->sockets[n].fd))
				return &drain->sockets[n];
		}
	}
	return NULL;
}

void drain_hurry_holder(struct service_runtime *runtime, const struct listener *listener)
{
	struct event event = { .name = "draining", .service = runtime->service->name };

	LIST_EACH(link, &runtime->engine->listeners->drained) {
		struct drain *drain = container_of(link, struct drain, held.link);
		bool has_it = false;

		for (size_t n = 0; n < drain->count; n++)
			has_it |= bind_beside_is_at_port(drain->sockets[n].fd, listener->listen);
		if (!has_it || drain->ending)
			continue;
		event.pid = drain->instance->pid;
		log_event(runtime->engine->log, LEVEL_NOTICE, &event,
			  "pid %ld of %s has its address from a previous configuration: superd stops it when no "
			  "client waits "
			  "there", (long)event.pid, drain->instance->service->name);
		drain_end(drain->instance);
	}
}
