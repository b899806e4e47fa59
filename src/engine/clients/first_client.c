/* Finds the address of the client that a service was started for. This must not slow down starts: superd does not
 * ask for a service that starts more than once a second. If an earlier instance still has clients, superd asks for
 * queued connections alone. */
#include "engine/clients/first_client.h"

#include <stdlib.h>
#include <string.h>

#include "engine/clients/conn_query.h"

#define RARELY 1.0                      /* seconds between two starts from which superd asks */

static const char by_operator[] = "operator";

struct first_client {
	struct keeper *keeper;
	struct conn_query query;
	size_t count;
	struct tally tallies[];
};

void first_client_forget(struct keeper *keeper)
{
	struct first_client *first = keeper->activity ? keeper->activity->first : NULL;

	if (!first)
		return;
	keeper->activity->first = NULL;
	conn_query_cancel(&first->query);
	free(first);
}

static void note(struct keeper *keeper, const struct tally *tally)
{
	struct client client = { .fd = -1 };

	if (tally->family == AF_INET) {
		struct sockaddr_in *in = &client.peer.in;

		in->sin_family = AF_INET;
		memcpy(&in->sin_addr, tally->peer, sizeof(in->sin_addr));
		client.length = sizeof(*in);
	} else {
		struct sockaddr_in6 *in6 = &client.peer.in6;

		in6->sin6_family = AF_INET6;
		memcpy(&in6->sin6_addr, tally->peer, sizeof(in6->sin6_addr));
		client.length = sizeof(*in6);
	}
	client_address(&client, keeper->activity->last_peer, sizeof(keeper->activity->last_peer));
}

static void on_counted(struct conn_query *query)
{
	struct first_client *first = container_of(query, struct first_client, query);
	struct keeper *keeper = first->keeper;

	for (size_t n = 0; n < first->count; n++) {
		if (!first->tallies[n].knows_peer)
			continue;
		note(keeper, &first->tallies[n]);
		break;
	}
	first_client_forget(keeper);
}

static struct first_client *make(struct keeper *keeper)
{
	struct first_client *first = calloc(1, sizeof(*first) + keeper->listener_count * sizeof(first->tallies[0]));
	bool alone = list_has_one(&keeper->activity->instances);

	if (!first)
		return NULL;
	first->keeper = keeper;
	for (size_t n = 0; n < keeper->listener_count; n++) {
		struct tally *tally = &first->tallies[first->count];

		if (!listener_has_socket(&keeper->listeners[n]))
			continue;
		tally_take(tally, keeper->listeners[n].io.fd);
		tally->whom = alone ? WHOM_CLIENTS : WHOM_QUEUED;
		tally->probes = keeper->service->probes;
		first->count += tally->kind == TALLY_TCP;
	}
	conn_query_init(&first->query, keeper, on_counted);
	first->query.tallies = first->tallies;
	first->query.count = first->count;
	return first;
}

void first_client_ask(struct keeper *keeper)
{
	struct activity *activity = keeper->activity;
	bool rarely = engine_clock() - activity->last_start > RARELY;

	first_client_forget(keeper);
	*activity->last_peer = '\0';
	if (activity->ordered) {
		memcpy(activity->last_peer, by_operator, sizeof(by_operator));
		activity->ordered = false;
		return;
	}
	if (!rarely || !activity->waiting)
		return;
	activity->first = make(keeper);
	if (activity->first && (!activity->first->count || !conn_query_start(&activity->first->query)))
		first_client_forget(keeper);
}
