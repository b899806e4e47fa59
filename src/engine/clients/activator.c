/* Finds the address of the client that a service was started for. This must not slow down starts: superd does not
 * ask for a service that starts more than once a second. If an earlier instance still has clients, superd asks for
 * queued connections alone. */
#include "engine/clients/activator.h"

#include <assert.h>
#include <string.h>

#include "base/clock.h"
#include "engine/clients/conn_query.h"
#include "engine/runtime/wants.h"

#define RARELY 1.0                      /* seconds between two starts from which superd asks */

static_assert(sizeof(no_stats.last_peer) == WANTS_TEXT, "it has the text of wants_describe_order");

static const char by_operator[] = "operator";

void activator_forget(struct service_runtime *runtime)
{
	if (runtime->run)
		conn_query_drop(&runtime->run->activator_query);
}

static void set_last_peer(struct service_runtime *runtime, const struct conn_count *conn)
{
	struct client client = { .fd = -1 };

	if (conn->family == AF_INET) {
		struct sockaddr_in *in = &client.peer.in;

		in->sin_family = AF_INET;
		memcpy(&in->sin_addr, conn->peer, sizeof(in->sin_addr));
		client.length = sizeof(*in);
	} else {
		struct sockaddr_in6 *in6 = &client.peer.in6;

		in6->sin6_family = AF_INET6;
		memcpy(&in6->sin6_addr, conn->peer, sizeof(in6->sin6_addr));
		client.length = sizeof(*in6);
	}
	client_address(&client, runtime->run->stats.last_peer, sizeof(runtime->run->stats.last_peer));
}

static void on_counted(struct conn_query *query)
{
	struct service_runtime *runtime = query->runtime;

	for (size_t n = 0; n < query->count; n++) {
		if (!query->conns[n].knows_peer)
			continue;
		set_last_peer(runtime, &query->conns[n]);
		break;
	}
	activator_forget(runtime);
}

static void start_query(struct service_runtime *runtime)
{
	struct conn_query *query = conn_query_new(runtime, on_counted);

	runtime->run->activator_query = query;
	if (!query)
		return;
	query->which = list_has_one(&runtime->run->instances) ? CONN_WHICH_CLIENTS : CONN_WHICH_QUEUED;
	query->no_probes = true;
	conn_query_add_listeners(query, 1 << CONN_TCP);
	if (!query->count || !conn_query_start(query))
		activator_forget(runtime);
}

void activator_ask(struct service_runtime *runtime, bool clients_wait)
{
	struct service_run *run = runtime->run;
	bool rarely = clock_now() - run->stats.last_start > RARELY;

	activator_forget(runtime);
	*run->stats.last_peer = '\0';
	if (run->start_ordered) {
		memcpy(run->stats.last_peer, by_operator, sizeof(by_operator));
		run->start_ordered = false;
		return;
	}
	if (wants_describe_order(runtime, run->stats.last_peer))
		return;
	if (rarely && clients_wait)
		start_query(runtime);
}
