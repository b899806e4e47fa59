/* Takes the probes of probe_from out of a queue. Nobody can be taken from the middle of a queue, so superd accepts
 * and closes probes only if all connections in the queue are probes, and only as many as there were before it
 * looked: a client that comes meanwhile stands behind them.
 *
 * That holds as long as no other process accepts from the queue, so superd leaves a queue alone while other
 * instances have its sockets. Instances that drain have other sockets (engine/drain/twins); a client that waits at
 * those counts as a client. A reset connection stays in the queue and is in no list; its client has gone. */
#include "engine/queue/probes.h"

#include <stdlib.h>
#include <string.h>

#include "config/access/access.h"
#include "engine/clients/conn_query.h"
#include "engine/core/closing.h"
#include "engine/instance/instance.h"
#include "engine/queue/doubt.h"
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

static void count(struct keeper *keeper, unsigned number)
{
	struct event event = { .name = "probe", .service = keeper->service->name };

	keeper->activity->probes += number;
	log_event(keeper->engine->log, LEVEL_DEBUG, &event, "%u probe%s closed (probe_from)", number,
		  number == 1 ? "" : "s");
}

bool probes_take(struct keeper *keeper, struct client *client)
{
	const void *address = keeper->service->probes ? address_of(client) : NULL;

	if (!address || !access_lists(keeper->service->probes, client->peer.any.sa_family, address))
		return false;
	closing_client(keeper->engine, keeper->service->name, client);
	client->fd = -1;
	count(keeper, 1);
	return true;
}

static bool is_at_listener(const struct keeper *keeper, const struct conn_count *end)
{
	for (size_t n = 0; n < keeper->listener_count; n++) {
		struct conn_count own = { 0 };

		if (listener_has_socket(&keeper->listeners[n]))
			conn_count_init(&own, keeper->listeners[n].io.fd);
		if (own.kind == CONN_TCP && own.family == end->family && own.port == end->port)
			return true;
	}
	return false;
}

bool probes_own(const struct keeper *keeper, int fd)
{
	struct client client = { .length = sizeof(client.peer) };
	struct conn_count end;
	const void *address;

	if (!keeper->service->probes || getpeername(fd, &client.peer.any, &client.length) < 0)
		return false;
	address = address_of(&client);
	if (!address || !access_lists(keeper->service->probes, client.peer.any.sa_family, address))
		return false;
	conn_count_init(&end, fd);
	return end.kind == CONN_TCP && is_at_listener(keeper, &end);
}

void probes_forget(struct keeper *keeper)
{
	struct probing *probing = keeper->activity ? keeper->activity->probing : NULL;

	if (!probing)
		return;
	keeper->activity->probing = NULL;
	conn_query_free(&probing->query);
	free(probing);
}

/* Whether only superd, or also a frozen instance, has the sockets. */
static bool has_sockets_alone(struct keeper *keeper)
{
	LIST_EACH(link, keeper_instances(keeper)) {
		const struct instance *instance = container_of(link, struct instance, link);

		if (!instance->drain && (keeper->state != FROZEN || instance != keeper->activity->current))
			return false;
	}
	return keeper->state == LISTENING || keeper->state == FROZEN;
}

/* false: somebody is left of them, as superd has no descriptors to accept by. */
static bool take_away(const struct probing *probing)
{
	struct keeper *keeper = probing->query.keeper;
	unsigned taken = 0;
	bool all = true;

	for (size_t n = 0; n < probing->count; n++) {
		if (probing->lengths[n])
			all = bind_drop(keeper->listeners[n].io.fd, probing->lengths[n], &taken) && all;
	}
	if (taken)
		count(keeper, taken);
	return all;
}

static void on_counted(struct conn_query *query)
{
	struct probing *probing = container_of(query, struct probing, query);
	struct keeper *keeper = query->keeper;
	bool waits = conn_query_is_current(query) && state_is_watching(keeper->state);
	bool are_probes_alone = conn_query_is_whole(query) && !conn_query_sum(query);
	bool warded = waits && has_sockets_alone(keeper) && are_probes_alone && take_away(probing);

	probes_forget(keeper);
	keeper_post(keeper, waits && !warded && !doubt_ward_off(keeper) ? ACTIVITY : LOOK);
}

/* Reads the lengths of the queues; false: none of TCP has anybody in it, or another listener has. */
static bool look_at_queues(struct probing *probing)
{
	bool any = false;

	for (size_t n = 0; n < probing->count; n++) {
		const struct listener *listener = &probing->query.keeper->listeners[n];
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

static void ask(struct keeper *keeper)
{
	size_t count = keeper->listener_count;
	struct probing *probing = calloc(1, sizeof(*probing) + count * sizeof(probing->lengths[0]));

	keeper->activity->probing = probing;
	if (!probing)
		return;
	probing->count = count;
	if (!conn_query_init(&probing->query, keeper, count, on_counted) || !look_at_queues(probing)) {
		probes_forget(keeper);
		return;
	}
	probing->query.which = CONN_WHICH_QUEUED;
	probing->query.no_probes = true;
	if (!conn_query_start(&probing->query))
		probes_forget(keeper);
}

bool probes_ward_off(struct keeper *keeper)
{
	struct activity *activity;

	if (!keeper->service->probes || keeper->service->exec->accept)
		return false;
	activity = keeper_activity(keeper);
	if (!activity || !has_sockets_alone(keeper))
		return false;
	if (activity->probing)
		return true;
	ask(keeper);
	return activity->probing;
}
