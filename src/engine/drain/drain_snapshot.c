/* Notes the clients that a drained instance has. A client of the successor must not be among them: it would be cut
 * off when the successor seems idle. So only connections count that a process had accepted, and only if no successor
 * had been started when all were counted. */
#include "engine/drain/drain_snapshot.h"

#include <stdlib.h>
#include <string.h>

#include "engine/drain/drain_internal.h"

static void end_noting(struct service_runtime *runtime)
{
	runtime->run->drain_snapshots--;
	if (!runtime->engine->stopping)
		runtime_post(runtime, LOOK);
}

static void on_counted(struct conn_query *query)
{
	struct drain_snapshot *snapshot = container_of(query, struct drain_snapshot, query);
	const struct service_run *run = query->runtime->run;

	snapshot->known =
		!run->current && run->stats.activations == snapshot->activations && conn_query_is_complete(query);
	end_noting(query->runtime);
}

void drain_snapshot_note(struct drain_snapshot *snapshot, struct service_runtime *runtime,
			 const struct drained_socket *sockets, size_t count)
{
	struct conn_query *query = &snapshot->query;

	if (!conn_query_init(query, runtime, count, on_counted))
		return;
	query->use = COOKIES_NOTED;
	query->which = CONN_WHICH_HELD;
	snapshot->activations = runtime->run->stats.activations;
	for (size_t n = 0; n < count; n++) {
		if (sockets[n].fd >= 0)
			conn_query_add(query, sockets[n].fd, ANY_KIND);
	}
	if (conn_query_start(query))
		runtime->run->drain_snapshots++;
}

void drain_snapshot_free(struct drain_snapshot *snapshot)
{
	struct service_runtime *runtime = snapshot->query.runtime;
	bool is_open = runtime && conn_query_is_open(&snapshot->query);

	conn_query_free(&snapshot->query);
	snapshot->known = false;
	if (is_open)
		end_noting(runtime);
}

static bool append_cookies(struct cookie_set *cookies, const struct cookie_set *more)
{
	uint64_t *list = reallocarray(cookies->list, cookies->count + more->count + 1, sizeof(*list));

	if (!list)
		return false;
	if (more->count)
		memcpy(list + cookies->count, more->list, more->count * sizeof(*list));
	cookies->list = list;
	cookies->count += more->count;
	cookies->room = cookies->count + 1;
	return true;
}

/* Copies the lists, as a drain may end while the query is under way. false: there are none, or no memory. */
static bool collect_cookies(struct service_runtime *runtime, struct cookie_set *cookies)
{
	cookies->count = 0;
	LIST_EACH(link, runtime_instances(runtime)) {
		const struct drain *drain = container_of(link, struct instance, link)->drain;

		if (drain && drain->snapshot.known && !append_cookies(cookies, &drain->snapshot.query.cookies))
			return false;
	}
	cookie_set_sort(cookies);
	return cookies->count > 0;
}

void drain_snapshot_spare(struct conn_query *query)
{
	query->use = collect_cookies(query->runtime, &query->cookies) ? COOKIES_SPARED : COOKIES_IGNORED;
}

bool drain_snapshot_is_noting(const struct service_runtime *runtime)
{
	return runtime->run && runtime->run->drain_snapshots;
}
