/* Takes probes out of a queue. accept(2) takes only the first client of a queue, so superd accepts and closes probes
 * only if all connections in the queue are probes, and only as many as there were before it looked: a client that comes
 * meanwhile stands behind them.
 *
 * With probe = silent a client that has brought nothing yet may become either. Nothing reports what a queued connection
 * brings, so superd looks again and again until probe_wait is over: at first after LOOK_FIRST, so that a client that
 * speaks at once is not held up. The listener is not watched meanwhile, as the client would keep it readable.
 *
 * That holds as long as no other process accepts from the queue, so superd leaves a queue alone while other
 * instances have its sockets. Instances that drain have other sockets (engine/drain/standby_socket); a client that
 * waits at those counts as a client. A reset connection stays in the queue and is in no list; its client has gone. */
#include "engine/health/health_probes.h"

#include <math.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "config/access/access.h"
#include "engine/clients/conn_query.h"
#include "engine/core/close_socket.h"
#include "engine/health/progress_proof.h"
#include "engine/health/queue_guard.h"
#include "engine/instance/instance.h"
#include "os/host/timer_fd.h"
#include "os/socket/bind.h"

#define LOOK_FIRST 20e-6                /* seconds until superd looks again at a client that is silent */
#define LOOK_SOON 0.002                 /* the same; up to this a LOOK_PART of its silence */
#define LOOK_PART 8.
#define LOOK_LAST 0.02                  /* the same at most; up to this a LOOK_LATER_PART of its silence */
#define LOOK_LATER_PART 16.

/* A silent client of a queue. */
struct silent_client {
	struct silent_conn conn;
	double seen;                    /* loop time when superd first saw it */
};

/* A question to the kernel that is under way, or the looks at silent clients until it is asked again. */
struct probing {
	struct conn_query query;        /* the TCP sockets */
	double since;                   /* runtime->since when the questions began */
	struct silent_client silent[SILENT_MOST];
	size_t silent_count;
	ev_io next;                     /* timer of the next look (os/host/timer_fd); fd -1: none */
	size_t count;                   /* listeners */
	unsigned lengths[];             /* length of each listener's queue before the question */
};

static const void *address_of(const struct client *client)
{
	if (client->length && client->peer.any.sa_family == AF_INET)
		return &client->peer.in.sin_addr;
	if (client->length && client->peer.any.sa_family == AF_INET6)
		return &client->peer.in6.sin6_addr;
	return NULL;
}

static void count_probes(struct service_runtime *runtime, unsigned number)
{
	struct event event = { .name = "probe", .service = runtime->service->name };

	runtime->run->stats.probes += number;
	log_event(runtime->engine->log, LEVEL_DEBUG, &event, "%u probe%s closed", number, number == 1 ? "" : "s");
}

bool health_probes_take(struct service_runtime *runtime, struct client *client)
{
	const void *address = service_prepared(runtime->service)->probes ? address_of(client) : NULL;

	if (!address || !access_lists(service_prepared(runtime->service)->probes, client->peer.any.sa_family, address))
		return false;
	close_socket_client(runtime->engine, runtime->service->name, client);
	client->fd = -1;
	count_probes(runtime, 1);
	return true;
}

static bool takes_silent_ones(const struct service_runtime *runtime)
{
	return runtime->service->groups->lifecycle->probe == PROBE_SILENT;
}

/* Whether the client has closed its side, or all of it, and there is nothing to read. */
static bool has_closed_silently(int fd)
{
	struct pollfd state = { fd, POLLRDHUP, 0 };
	int unread = 0;

	return poll(&state, 1, 0) > 0 && (ioctl(fd, FIONREAD, &unread) < 0 || !unread);
}

bool health_probes_take_silent(struct service_runtime *runtime, struct client *client)
{
	if (!takes_silent_ones(runtime) || client->fd < 0 || !address_of(client) || !has_closed_silently(client->fd))
		return false;
	close_socket_client(runtime->engine, runtime->service->name, client);
	client->fd = -1;
	count_probes(runtime, 1);
	return true;
}

void health_probes_forget(struct service_runtime *runtime)
{
	struct queue_guard *guard = queue_guard_find(runtime);
	struct probing *probing = guard ? guard->probe_query : NULL;

	if (!probing)
		return;
	guard->probe_query = NULL;
	ev_io_stop(runtime->engine->loop, &probing->next);
	fd_close(&probing->next.fd);
	conn_query_free(&probing->query);
	free(probing);
}

/* Whether only superd, or also a frozen instance, has the sockets. */
static bool has_sockets_alone(struct service_runtime *runtime)
{
	LIST_EACH(link, runtime_instances(runtime)) {
		const struct instance *instance = container_of(link, struct instance, link);

		if (!instance->drain && (runtime_state(runtime) != FROZEN || instance != runtime_current(runtime)))
			return false;
	}
	return runtime_state(runtime) == LISTENING || runtime_state(runtime) == FROZEN;
}

/* false: some are left, because superd has no free descriptors for accept(2). */
static bool drop_probes(const struct probing *probing)
{
	struct service_runtime *runtime = probing->query.runtime;
	unsigned taken = 0;
	bool all = true;

	for (size_t n = 0; n < probing->count; n++) {
		if (probing->lengths[n])
			all = bind_drop(runtime->listeners[n].io.fd, probing->lengths[n], &taken) && all;
	}
	if (taken)
		count_probes(runtime, taken);
	return all;
}

/* Notes the clients that are silent now, with the times of those that were before. false: they are too many. */
static bool note_silent(struct probing *probing)
{
	const struct cookie_set *cookies = &probing->query.cookies;
	struct silent_client now[SILENT_MOST];
	double seen = clock_now();

	for (size_t n = 0; n < cookies->silent_count; n++) {
		now[n] = (struct silent_client){ cookies->silent[n], seen };
		for (size_t before = 0; before < probing->silent_count; before++) {
			if (!memcmp(probing->silent[before].conn.id, now[n].conn.id, sizeof(now[n].conn.id)))
				now[n].seen = probing->silent[before].seen;
		}
	}
	if (cookies->silent_count)
		memcpy(probing->silent, now, cookies->silent_count * sizeof(*now));
	probing->silent_count = cookies->silent_count;
	return probing->silent_count < SILENT_MOST;
}

/* Probes behind a silent client stay in the queue, which must not fill up. */
static bool is_half_full(const struct probing *probing)
{
	for (size_t n = 0; n < probing->count; n++) {
		const struct listener *listener = &probing->query.runtime->listeners[n];

		if (probing->lengths[n] > 1 &&
		    (int64_t)probing->lengths[n] * 2 > bind_queue_limit(listener->io.fd, listener->listen))
			return true;
	}
	return false;
}

static bool set_timer(struct probing *probing, double seconds)
{
	if (probing->next.fd < 0) {
		ev_io_set(&probing->next, timer_fd_open(), EV_READ);
		if (probing->next.fd >= 0)
			ev_io_start(probing->query.runtime->engine->loop, &probing->next);
	}
	return probing->next.fd >= 0 && timer_fd_set(probing->next.fd, seconds);
}

/* All clients of the queue have been silent so far. true: superd looks again in a moment; the longer they are silent
 * the later. */
static bool wait_for_words(struct probing *probing)
{
	double most = (double)probing->query.runtime->service->groups->lifecycle->probe_wait / 1e6;
	double now = clock_now(), first = now, wait;

	for (size_t n = 0; n < probing->silent_count; n++)
		first = fmin(first, probing->silent[n].seen);
	if (now - first >= most)
		return false;
	wait = fmin(fmax((now - first) / LOOK_PART, LOOK_FIRST), LOOK_SOON);
	wait = fmin(fmax((now - first) / LOOK_LATER_PART, wait), LOOK_LAST);
	return set_timer(probing, fmin(wait, first + most - now));
}

static bool has_silent_ones(const struct conn_query *query)
{
	for (size_t n = 0; n < query->count; n++) {
		if (query->conns[n].silent)
			return true;
	}
	return false;
}

/* Whether the service is as it was when the questions began, and its clients still wait. */
static bool still_waits(const struct probing *probing)
{
	const struct service_runtime *runtime = probing->query.runtime;

	return runtime->since == probing->since && service_is_watched(runtime->state);
}

/* The questions are over. are_dropped: all clients were probes, and superd has closed them. */
static void end_probing(struct probing *probing, bool are_dropped)
{
	struct service_runtime *runtime = probing->query.runtime;
	bool waits = still_waits(probing);

	health_probes_forget(runtime);
	runtime_post(runtime, waits && !are_dropped && !progress_proof_filter(runtime) ? ACTIVITY : LOOK);
}

static void on_counted(struct conn_query *query)
{
	struct probing *probing = container_of(query, struct probing, query);
	bool are_no_clients = still_waits(probing) && has_sockets_alone(query->runtime) &&
		conn_query_is_complete(query) && !conn_query_sum(query);

	if (are_no_clients && !has_silent_ones(query))
		end_probing(probing, drop_probes(probing));
	else if (!are_no_clients || is_half_full(probing) || !note_silent(probing) || !wait_for_words(probing))
		end_probing(probing, false);
}

/* Reads the lengths of the queues; false: none of TCP has anybody in it, or another listener has. */
static bool look_at_queues(struct probing *probing)
{
	bool any = false;

	probing->query.count = 0;
	for (size_t n = 0; n < probing->count; n++) {
		const struct listener *listener = &probing->query.runtime->listeners[n];
		bool is_tcp;
		int length;

		probing->lengths[n] = 0;
		if (!listener_has_socket(listener))
			continue;
		is_tcp = conn_query_add(&probing->query, listener->io.fd, 1 << CONN_TCP);
		length = bind_queue(listener->io.fd, listener->listen);
		if (length && !is_tcp)
			return false;
		probing->lengths[n] = length > 0 ? (unsigned)length : 0;
		any = any || length > 0;
	}
	return any;
}

/* Looks at the queues, and asks the kernel about them. false: there is nothing to ask, or no memory. */
static bool ask(struct probing *probing)
{
	if (!look_at_queues(probing))
		return false;
	return conn_query_start(&probing->query);
}

/* Whether anything has changed at the queues since they were looked at: somebody has come, or been taken. */
static bool have_queues_changed(const struct probing *probing)
{
	for (size_t n = 0; n < probing->count; n++) {
		const struct listener *listener = &probing->query.runtime->listeners[n];
		int length = listener_has_socket(listener) ? bind_queue(listener->io.fd, listener->listen) : 0;

		if (length != (int)probing->lengths[n])
			return true;
	}
	return false;
}

/* Looks at each client that was silent. */
static enum silence look_at_silent(const struct probing *probing)
{
	enum silence all = SILENT_STILL;

	for (size_t n = 0; n < probing->silent_count && all != SILENT_SPOKE; n++) {
		enum silence silence = silent_conn_look(&probing->silent[n].conn);

		if (silence != SILENT_STILL)
			all = silence;
	}
	return all;
}

/* Where the queues cannot be asked about, or are empty, the listeners tell. */
static void ask_again(struct probing *probing)
{
	struct service_runtime *runtime = probing->query.runtime;

	if (ask(probing))
		return;
	health_probes_forget(runtime);
	runtime_post(runtime, LOOK);
}

/* The kernel is asked about the whole queue only if somebody has come or gone. */
static void on_next(struct ev_loop *loop, ev_io *next, int events)
{
	struct probing *probing = next->data;
	enum silence silence = still_waits(probing) ? look_at_silent(probing) : SILENT_SPOKE;

	(void)loop, (void)events;
	(void)!read(next->fd, &(uint64_t){ 0 }, sizeof(uint64_t));
	if (silence == SILENT_LEFT || (silence != SILENT_SPOKE && have_queues_changed(probing)))
		ask_again(probing);
	else if (silence == SILENT_SPOKE || !wait_for_words(probing))
		end_probing(probing, false);
}

static void start_query(struct service_runtime *runtime)
{
	size_t count = runtime->listener_count;
	struct probing *probing = calloc(1, sizeof(*probing) + count * sizeof(probing->lengths[0]));

	runtime->run->guard->probe_query = probing;
	if (!probing)
		return;
	probing->count = count;
	probing->since = runtime->since;
	ev_io_init(&probing->next, on_next, -1, EV_READ);
	probing->next.data = probing;
	if (!conn_query_init(&probing->query, runtime, count, on_counted)) {
		health_probes_forget(runtime);
		return;
	}
	probing->query.which = CONN_WHICH_QUEUED;
	probing->query.no_probes = true;
	probing->query.wants_words = takes_silent_ones(runtime);
	probing->query.use = probing->query.wants_words ? COOKIES_NOTED : COOKIES_IGNORED;
	if (!ask(probing))
		health_probes_forget(runtime);
}

bool health_probes_filter(struct service_runtime *runtime)
{
	struct queue_guard *guard;

	if (runtime->service->exec->accept ||
	    (!service_prepared(runtime->service)->probes && !takes_silent_ones(runtime)))
		return false;
	guard = queue_guard_make(runtime);
	if (!guard || !has_sockets_alone(runtime))
		return false;
	if (!guard->probe_query)
		start_query(runtime);
	return guard->probe_query;
}
