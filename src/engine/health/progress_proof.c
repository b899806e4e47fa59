/* Proves that a backend took no connection. The length of a queue cannot tell "took none" from "took one, and
 * another came". So superd notes the kernel's numbers of the queued connections while nothing of the service runs,
 * and looks for the same numbers before the next start. */
#include "engine/health/progress_proof.h"

#include <stdlib.h>

#include "engine/clients/conn_query.h"
#include "engine/health/exit_verdict.h"
#include "engine/health/queue_guard.h"

void progress_proof_forget(struct service_runtime *runtime)
{
	if (queue_guard_find(runtime))
		conn_query_drop(&runtime->run->guard->progress_query);
}

bool progress_proof_is_open(const struct service_runtime *runtime)
{
	const struct queue_guard *guard = queue_guard_find(runtime);

	return guard && guard->no_progress_ends >= guard->no_progress_limit;
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

static bool is_known(const struct conn_query *query)
{
	return conn_query_is_complete(query) && query->cookies.count <= QUEUE_IDS_MOST;
}

static void keep_backlog(struct queue_guard *guard, struct cookie_set *cookies)
{
	queue_ids_free(&guard->backlog);
	guard->backlog = (struct queue_ids){ .count = cookies->count, .room = cookies->room, .id = cookies->list };
	*cookies = (struct cookie_set){ 0 };
	guard->backlog_is_exact = guard->backlog.count;
	guard->backlog_is_fresh = true;
	guard->started_since = false;
}

/* The consequences of an end that is proved only now. */
static void note_no_progress(struct service_runtime *runtime)
{
	struct service_stats *stats = &runtime->run->stats;

	runtime->run->guard->no_progress_limit = NO_PROGRESS_LIMIT;
	stats->failing = true;
	runtime_start_anew(runtime);
	exit_verdict_fail_no_progress(runtime);
	if (runtime->service->groups->lifecycle->on_failure == FAILURE_EXIT && !runtime->engine->stopping)
		runtime_end_superd(runtime, stats->last_status);
	runtime_post(runtime, CRASHED);
}

static void note_progress(struct service_runtime *runtime)
{
	queue_guard_note_progress(runtime->run->guard);
	backoff_reset(&runtime->backoff);
}

static void on_counted(struct conn_query *query)
{
	struct service_runtime *runtime = query->runtime;
	struct queue_guard *guard = runtime->run->guard;
	bool waits = conn_query_is_current(query) && runtime_state(runtime) == LISTENING, known = waits &&
		is_known(query);
	bool provable = known && guard->backlog_is_exact && guard->backlog_is_queried && guard->started_since;
	bool none_taken = provable && all_still_wait(&guard->backlog, &query->cookies);

	if (known) {
		guard->backlog_is_queried = true;
		keep_backlog(guard, &query->cookies);
	}
	progress_proof_forget(runtime);
	if (provable && !none_taken)
		note_progress(runtime);
	if (none_taken)
		note_no_progress(runtime);
	else
		runtime_post(runtime, waits ? ACTIVITY : LOOK);
}

/* Only listeners of connections have a queue of clients. */
static void start_query(struct service_runtime *runtime)
{
	struct conn_query *query = conn_query_new(runtime, on_counted);

	runtime->run->guard->progress_query = query;
	if (!query)
		return;
	query->use = COOKIES_NOTED;
	query->which = CONN_WHICH_QUEUED;
	for (size_t n = 0; n < runtime->listener_count; n++) {
		const struct listener *listener = &runtime->listeners[n];

		if (listener_has_socket(listener) && endpoint_accepts(listener->listen->address))
			conn_query_add(query, listener->io.fd, ANY_KIND);
	}
	if (!query->count || !conn_query_start(query))
		progress_proof_forget(runtime);
}

bool progress_proof_filter(struct service_runtime *runtime)
{
	if (runtime_state(runtime) != LISTENING || runtime->service->exec->accept || !progress_proof_is_open(runtime))
		return false;
	if (!runtime->run->guard->progress_query)
		start_query(runtime);
	return runtime->run->guard->progress_query;
}
