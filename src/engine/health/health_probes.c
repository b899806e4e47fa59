/* Takes the probes of probe_from out of a queue. accept(2) takes only the first client of a queue, so superd accepts
 * and closes probes only if all connections in the queue are probes, and only as many as there were before it
 * looked: a client that comes meanwhile stands behind them.
 *
 * That holds as long as no other process accepts from the queue, so superd leaves a queue alone while other
 * instances have its sockets. Instances that drain have other sockets (engine/drain/standby_socket); a client that
 * waits at those counts as a client. A reset connection stays in the queue and is in no list; its client has gone. */
#include "engine/health/health_probes.h"

#include <stdlib.h>
#include <string.h>

#include "config/access/access.h"
#include "engine/clients/conn_query.h"
#include "engine/core/close_socket.h"
#include "engine/health/progress_proof.h"
#include "engine/health/queue_guard.h"
#include "engine/instance/instance.h"
#include "os/socket/bind.h"

/* A question to the kernel that is under way. */
struct probing {
	struct conn_query query;        /* the TCP sockets */
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
	log_event(runtime->engine->log, LEVEL_DEBUG, &event, "%u probe%s closed (probe_from)", number,
		  number == 1 ? "" : "s");
}

bool health_probes_take(struct service_runtime *runtime, struct client *client)
{
	const void *address = runtime->service->probes ? address_of(client) : NULL;

	if (!address || !access_lists(runtime->service->probes, client->peer.any.sa_family, address))
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

static void on_counted(struct conn_query *query)
{
	struct probing *probing = container_of(query, struct probing, query);
	struct service_runtime *runtime = query->runtime;
	bool waits = conn_query_is_current(query) && service_is_watched(runtime->state);
	bool are_probes_alone = conn_query_is_complete(query) && !conn_query_sum(query);
	bool are_dropped = waits && has_sockets_alone(runtime) && are_probes_alone && drop_probes(probing);

	health_probes_forget(runtime);
	runtime_post(runtime, waits && !are_dropped && !progress_proof_filter(runtime) ? ACTIVITY : LOOK);
}

/* Reads the lengths of the queues; false: none of TCP has anybody in it, or another listener has. */
static bool look_at_queues(struct probing *probing)
{
	bool any = false;

	for (size_t n = 0; n < probing->count; n++) {
		const struct listener *listener = &probing->query.runtime->listeners[n];
		bool is_tcp;
		int length;

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

static void start_query(struct service_runtime *runtime)
{
	size_t count = runtime->listener_count;
	struct probing *probing = calloc(1, sizeof(*probing) + count * sizeof(probing->lengths[0]));

	runtime->run->guard->probe_query = probing;
	if (!probing)
		return;
	probing->count = count;
	if (!conn_query_init(&probing->query, runtime, count, on_counted) || !look_at_queues(probing)) {
		health_probes_forget(runtime);
		return;
	}
	probing->query.which = CONN_WHICH_QUEUED;
	probing->query.no_probes = true;
	if (!conn_query_start(&probing->query))
		health_probes_forget(runtime);
}

bool health_probes_filter(struct service_runtime *runtime)
{
	struct queue_guard *guard;

	if (!runtime->service->probes || runtime->service->exec->accept)
		return false;
	guard = queue_guard_make(runtime);
	if (!guard || !has_sockets_alone(runtime))
		return false;
	if (!guard->probe_query)
		start_query(runtime);
	return guard->probe_query;
}
