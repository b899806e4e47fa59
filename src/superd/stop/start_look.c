/* One question to the kernel at a time, about probes first.
 *
 * Probes: accept(2) takes only the first client of a queue, so superd accepts and closes probes only if all connections
 * in the queue are probes, and only as many as there were before it looked: a client that comes meanwhile stands behind
 * them.
 *
 * With probe = silent a client that has brought nothing yet may become either. Nothing reports what a queued connection
 * brings, so superd looks again and again until probe_wait is over: at first after LOOK_FIRST, so that a client that
 * speaks at once is not held up. The listener is not watched meanwhile, as the client would keep it readable.
 *
 * That holds as long as no other process accepts from the queue, so superd leaves a queue alone while other
 * instances have its sockets. Instances that drain have other sockets (superd/stop/standby_socket); a client that
 * waits at those counts as a client. A reset connection stays in the queue and is in no list; its client has gone.
 *
 * Progress: the length of a queue cannot tell "took none" from "took one, and another came". So superd notes the
 * kernel's numbers of the queued connections while nothing of the service runs, and looks for the same numbers before
 * the next start. */
#include "superd/stop/start_look.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/fd.h"
#include "lib/number.h"
#include "os/host/timer_fd.h"
#include "os/socket/bind.h"
#include "superd/stop/conn_query.h"
#include "superd/stop/exit_verdict.h"
#include "superd/stop/health_probes.h"
#include "superd/stop/queue_notes.h"
#include "superd/instance/instance.h"

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
struct start_look {
	struct conn_query query;
	struct silent_client silent[SILENT_MOST];
	size_t silent_count;
	ev_io next;                     /* timer of the next look (os/host/timer_fd); fd -1: none */
	double since;                   /* runtime->since when it began */
	size_t count;                   /* listeners */
	unsigned lengths[];             /* length of each listener's queue before the question */
};

static bool takes_silent_ones(const struct service_runtime *runtime)
{
	return runtime->service->groups->lifecycle->probe == PROBE_SILENT;
}

void start_look_forget(struct service_runtime *runtime)
{
	struct queue_notes *notes = queue_notes_find(runtime);
	struct start_look *look = notes ? notes->look : NULL;

	if (!look)
		return;
	notes->look = NULL;
	ev_io_stop(runtime->engine->loop, &look->next);
	fd_close(&look->next.fd);
	conn_query_free(&look->query);
	free(look);
}

/* Whether only superd, or also a frozen instance, has the sockets. */
static bool has_sockets_alone(struct service_runtime *runtime)
{
	LIST_EACH(link, runtime_instances(runtime)) {
		const struct instance *instance = container_of(link, struct instance, link);

		if (!instance->stop && (runtime_state(runtime) != FROZEN || instance != runtime_current(runtime)))
			return false;
	}
	return runtime_state(runtime) == LISTENING || runtime_state(runtime) == FROZEN;
}

static bool wants_probes(struct service_runtime *runtime)
{
	return (service_prepared(runtime->service)->probes || takes_silent_ones(runtime)) &&
	       !runtime->service->exec->accept && has_sockets_alone(runtime);
}

/* false: some are left, as nobody can take them now. */
static bool drop_probes(const struct start_look *look)
{
	struct service_runtime *runtime = look->query.runtime;
	unsigned taken = 0;
	bool all = true;

	for (size_t n = 0; n < look->count; n++) {
		if (look->lengths[n] && listener_drop(&runtime->listeners[n], runtime->engine, runtime->service->name,
						      look->lengths[n]))
			taken += look->lengths[n];
		else
			all &= !look->lengths[n];
	}
	if (taken)
		health_probes_count(runtime, taken);
	return all;
}

/* Notes the clients that are silent now, with the times of those that were before. false: they are too many. */
static bool note_silent(struct start_look *look)
{
	const struct cookie_set *cookies = &look->query.cookies;
	struct silent_client now[SILENT_MOST];
	double seen = clock_now();

	for (size_t n = 0; n < cookies->silent_count; n++) {
		now[n] = (struct silent_client){ cookies->silent[n], seen };
		for (size_t before = 0; before < look->silent_count; before++) {
			if (!memcmp(look->silent[before].conn.id, now[n].conn.id, sizeof(now[n].conn.id)))
				now[n].seen = look->silent[before].seen;
		}
	}
	if (cookies->silent_count)
		memcpy(look->silent, now, cookies->silent_count * sizeof(*now));
	look->silent_count = cookies->silent_count;
	return look->silent_count < SILENT_MOST;
}

/* Probes behind a silent client stay in the queue, which must not fill up. */
static bool is_half_full(const struct start_look *look)
{
	for (size_t n = 0; n < look->count; n++) {
		const struct listener *listener = &look->query.runtime->listeners[n];

		if (look->lengths[n] > 1 &&
		    (int64_t)look->lengths[n] * 2 > bind_queue_limit(listener->fd, listener->listen))
			return true;
	}
	return false;
}

static bool set_timer(struct start_look *look, double seconds)
{
	if (look->next.fd < 0) {
		ev_io_set(&look->next, timer_fd_open(), EV_READ);
		if (look->next.fd >= 0)
			ev_io_start(look->query.runtime->engine->loop, &look->next);
	}
	return look->next.fd >= 0 && timer_fd_set(look->next.fd, seconds);
}

/* All clients of the queue have been silent so far. true: superd looks again in a moment; the longer they are silent
 * the later. */
static bool wait_for_words(struct start_look *look)
{
	double most = (double)look->query.runtime->service->groups->lifecycle->probe_wait / 1e6;
	double now = clock_now(), first = now, wait;

	for (size_t n = 0; n < look->silent_count; n++)
		first = number_min(first, look->silent[n].seen);
	if (now - first >= most)
		return false;
	wait = number_min(number_max((now - first) / LOOK_PART, LOOK_FIRST), LOOK_SOON);
	wait = number_min(number_max((now - first) / LOOK_LATER_PART, wait), LOOK_LAST);
	return set_timer(look, number_min(wait, first + most - now));
}

/* Whether the service is as it was at the question, and its clients still wait. */
static bool still_waits(const struct start_look *look)
{
	const struct service_runtime *runtime = look->query.runtime;

	return look->since == runtime->since && service_is_watched(runtime->state);
}

/* Both lists are in the order of the kernel's numbers. */
static bool all_still_wait(const struct queue_ids *before, const struct cookie_set *now)
{
	size_t at = 0;

	for (size_t n = 0; n < before->count; n++) {
		while (at < now->count && now->list[at] < before->id[n])
			at++;
		if (at == now->count || now->list[at] != before->id[n])
			return false;
	}
	return true;
}

static void keep_backlog(struct queue_notes *notes, struct cookie_set *cookies)
{
	queue_ids_free(&notes->backlog);
	notes->backlog = (struct queue_ids){ .count = cookies->count, .room = cookies->room, .id = cookies->list };
	cookies->list = NULL;
	notes->backlog_is_queried = true;
	notes->started_since = false;
}

/* The consequences of an end that is proved only now. */
static void note_no_progress(struct service_runtime *runtime)
{
	struct service_stats *stats = &runtime->run->stats;

	runtime->run->notes->no_progress_limit = NO_PROGRESS_LIMIT;
	stats->failing = true;
	runtime_start_anew(runtime);
	exit_verdict_fail_no_progress(runtime);
	if (runtime->service->groups->lifecycle->on_failure == FAILURE_EXIT && !runtime->engine->stopping)
		runtime_end_superd(runtime, stats->last_status);
	runtime_post(runtime, CRASHED);
}

/* The sockets of connections: only these have a queue of clients. false: there is none, or no memory. */
static bool ask_for_proof(struct start_look *look)
{
	const struct service_runtime *runtime = look->query.runtime;

	look->query.count = 0;
	look->query.asks = ASK_BACKLOG;
	for (size_t n = 0; n < look->count; n++) {
		const struct listener *listener = &runtime->listeners[n];

		if (listener_has_socket(listener) && endpoint_accepts(listener->listen->address))
			conn_query_add(&look->query, listener->fd);
	}
	return look->query.count && conn_query_start(&look->query);
}

static void take_proof(struct start_look *look)
{
	struct conn_query *query = &look->query;
	struct service_runtime *runtime = query->runtime;
	struct queue_notes *notes = runtime->run->notes;
	bool waits = still_waits(look);
	bool known = waits && conn_query_is_complete(query) && query->cookies.count <= QUEUE_IDS_MOST;
	bool provable = known && notes->backlog.count && notes->backlog_is_queried && notes->started_since;
	bool none_taken = provable && all_still_wait(&notes->backlog, &query->cookies);

	if (known)
		keep_backlog(notes, &query->cookies);
	start_look_forget(runtime);
	if (provable && !none_taken) {
		queue_notes_note_progress(notes);
		backoff_reset(&runtime->backoff);
	}
	if (none_taken)
		note_no_progress(runtime);
	else
		runtime_post(runtime, waits ? ACTIVITY : LOOK);
}

static bool wants_proof(const struct service_runtime *runtime)
{
	return runtime_state(runtime) == LISTENING && !runtime->service->exec->accept &&
	       queue_notes_wants_proof(runtime);
}

/* The questions about probes are over. are_dropped: all clients were probes, and superd has closed them. */
static void end_probing(struct start_look *look, bool are_dropped)
{
	struct service_runtime *runtime = look->query.runtime;
	bool starts = still_waits(look) && !are_dropped;

	if (are_dropped)                /* they were all that the last instance had left */
		runtime->run->notes->queued_at_end = 0;
	if (starts && wants_proof(runtime) && ask_for_proof(look))
		return;
	start_look_forget(runtime);
	runtime_post(runtime, starts ? ACTIVITY : LOOK);
}

static void take_probes(struct start_look *look)
{
	const struct conn_query *query = &look->query;
	bool are_no_clients = still_waits(look) && has_sockets_alone(query->runtime) &&
		conn_query_is_complete(query) && !conn_query_sum(query);

	if (are_no_clients && !query->cookies.silent_count)
		end_probing(look, drop_probes(look));
	else if (!are_no_clients || is_half_full(look) || !note_silent(look) || !wait_for_words(look))
		end_probing(look, false);
}

static void on_counted(struct conn_query *query)
{
	struct start_look *look = container_of(query, struct start_look, query);

	if (query->asks == ASK_BACKLOG)
		take_proof(look);
	else
		take_probes(look);
}

/* Reads the lengths of the queues, and asks the kernel about them. false: none of TCP has anybody in it, or another
 * listener has, or no memory. */
static bool ask_for_probes(struct start_look *look)
{
	bool any = false;

	look->query.count = 0;
	for (size_t n = 0; n < look->count; n++) {
		const struct listener *listener = &look->query.runtime->listeners[n];
		bool is_tcp;
		int length;

		look->lengths[n] = 0;
		if (!listener_has_socket(listener))
			continue;
		is_tcp = conn_query_add(&look->query, listener->fd);
		length = bind_queue(listener->fd, listener->listen);
		if (length && !is_tcp)
			return false;
		look->lengths[n] = length > 0 ? (unsigned)length : 0;
		any = any || length > 0;
	}
	return any && conn_query_start(&look->query);
}

/* Whether anything has changed at the queues since they were looked at: somebody has come, or been taken. */
static bool have_queues_changed(const struct start_look *look)
{
	for (size_t n = 0; n < look->count; n++) {
		const struct listener *listener = &look->query.runtime->listeners[n];
		int length = listener_has_socket(listener) ? bind_queue(listener->fd, listener->listen) : 0;

		if (length != (int)look->lengths[n])
			return true;
	}
	return false;
}

/* Looks at each client that was silent. */
static enum silence look_at_silent(const struct start_look *look)
{
	enum silence all = SILENT_STILL;

	for (size_t n = 0; n < look->silent_count && all != SILENT_SPOKE; n++) {
		enum silence silence = silent_conn_look(&look->silent[n].conn);

		if (silence != SILENT_STILL)
			all = silence;
	}
	return all;
}

/* Where the queues cannot be asked about, or are empty, the listeners tell. */
static void ask_again(struct start_look *look)
{
	struct service_runtime *runtime = look->query.runtime;

	if (ask_for_probes(look))
		return;
	start_look_forget(runtime);
	runtime_post(runtime, LOOK);
}

/* The kernel is asked about the whole queue only if somebody has come or gone. */
static void on_next(struct ev_loop *loop, ev_io *next, int events)
{
	struct start_look *look = next->data;
	enum silence silence = still_waits(look) ? look_at_silent(look) : SILENT_SPOKE;

	(void)loop, (void)events;
	(void)!read(next->fd, &(uint64_t){ 0 }, sizeof(uint64_t));
	if (silence == SILENT_LEFT || (silence != SILENT_SPOKE && have_queues_changed(look)))
		ask_again(look);
	else if (silence == SILENT_SPOKE || !wait_for_words(look))
		end_probing(look, false);
}

static struct start_look *make_look(struct service_runtime *runtime)
{
	size_t count = runtime->listener_count;
	struct start_look *look = calloc(1, sizeof(*look) + count * sizeof(look->lengths[0]));
	enum question asks = takes_silent_ones(runtime) ? ASK_SILENT : ASK_PROBES;

	if (!look || !conn_query_init(&look->query, runtime, count, asks, on_counted)) {
		free(look);
		return NULL;
	}
	look->since = runtime->since;
	look->count = count;
	ev_io_init(&look->next, on_next, -1, EV_READ);
	look->next.data = look;
	return look;
}

bool start_look_begin(struct service_runtime *runtime, bool may_prove)
{
	bool probes = wants_probes(runtime), proves = may_prove && wants_proof(runtime);
	struct queue_notes *notes = probes || proves ? queue_notes_make(runtime) : NULL;

	if (!notes || notes->look)
		return notes;
	notes->look = make_look(runtime);
	if (notes->look && ((probes && ask_for_probes(notes->look)) || (proves && ask_for_proof(notes->look))))
		return true;
	start_look_forget(runtime);
	return false;
}
