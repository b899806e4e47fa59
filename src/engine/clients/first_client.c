/* Finds the address of the client that a service was started for. This must not slow down starts: superd does not
 * ask for a service that starts more than once a second. If an earlier instance still has clients, superd asks for
 * queued connections alone. */
#include "engine/clients/first_client.h"

#include <string.h>

#include "base/clock.h"
#include "engine/clients/conn_query.h"

#define RARELY 1.0                      /* seconds between two starts from which superd asks */

static const char by_operator[] = "operator";

void first_client_forget(struct keeper *keeper)
{
	if (keeper->activity)
		conn_query_drop(&keeper->activity->first);
}

static void note(struct keeper *keeper, const struct conn_count *conn)
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
	client_address(&client, keeper->activity->last_peer, sizeof(keeper->activity->last_peer));
}

static void on_counted(struct conn_query *query)
{
	struct keeper *keeper = query->keeper;

	for (size_t n = 0; n < query->count; n++) {
		if (!query->conns[n].knows_peer)
			continue;
		note(keeper, &query->conns[n]);
		break;
	}
	first_client_forget(keeper);
}

static void ask(struct keeper *keeper)
{
	struct conn_query *query = conn_query_new(keeper, on_counted);

	keeper->activity->first = query;
	if (!query)
		return;
	query->which = list_has_one(&keeper->activity->instances) ? CONN_WHICH_CLIENTS : CONN_WHICH_QUEUED;
	query->no_probes = true;
	conn_query_add_listeners(query, 1 << CONN_TCP);
	if (!query->count || !conn_query_start(query))
		first_client_forget(keeper);
}

void first_client_ask(struct keeper *keeper)
{
	struct activity *activity = keeper->activity;
	bool rarely = clock_now() - activity->last_start > RARELY;

	first_client_forget(keeper);
	*activity->last_peer = '\0';
	if (activity->ordered) {
		memcpy(activity->last_peer, by_operator, sizeof(by_operator));
		activity->ordered = false;
		return;
	}
	if (rarely && activity->waiting)
		ask(keeper);
}
