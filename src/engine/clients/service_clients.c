/* Counts the clients of all sockets of a service together. The kernel cannot tell the clients of every socket. A
 * socket whose clients are unknown counts as used, and the log says once why its service is never idle. */
#include "engine/clients/service_clients.h"

#include <stdlib.h>

bool service_clients_init(struct service_clients *clients, struct service_runtime *runtime,
			  void (*counted)(struct conn_query *query))
{
	size_t count = runtime->listener_count;

	*clients =
		(struct service_clients){ .count = count, .datagrams = calloc(count + 1, sizeof(*clients->datagrams)) };
	if (clients->datagrams && conn_query_init(&clients->query, runtime, count, counted)) {
		clients->query.no_probes = true;
		return true;
	}
	service_clients_free(clients);
	return false;
}

void service_clients_free(struct service_clients *clients)
{
	conn_query_free(&clients->query);
	free(clients->datagrams);
	clients->datagrams = NULL;
}

void service_clients_prepare(struct service_clients *clients)
{
	const struct listener *listeners = clients->query.runtime->listeners;

	clients->query.count = 0;
	for (size_t n = 0; n < clients->count; n++) {
		int fd = listener_has_socket(&listeners[n]) ? listeners[n].io.fd : -1;

		conn_query_add(&clients->query, fd, ANY_KIND);
	}
}

bool service_clients_closes_are_reported(const struct service_clients *clients)
{
	for (size_t n = 0; n < clients->count; n++) {
		if (listener_has_socket(&clients->query.runtime->listeners[n]) &&
		    clients->query.conns[n].kind != CONN_TCP)
			return false;
	}
	return true;
}

void service_clients_begin(struct service_clients *clients)
{
	for (size_t n = 0; n < clients->count; n++) {
		if (clients->query.conns[n].kind == CONN_UDP)
			datagram_stamp_read(clients->query.runtime->listeners[n].io.fd, &clients->datagrams[n]);
	}
}

static void say_unknown(struct service_clients *clients, const struct listener *listener)
{
	struct event event = { .name = "idle", .service = clients->query.runtime->service->name };
	struct buf endpoint = { 0 };

	if (clients->is_logged)
		return;
	clients->is_logged = true;
	endpoint_format(listener->listen->endpoint, &endpoint);
	log_event(clients->query.runtime->engine->log, LEVEL_WARNING, &event,
		  "idle_timeout has no effect: nobody can tell who uses %s", buf_string(&endpoint));
	buf_free(&endpoint);
}

/* A datagram has arrived since the last look, or waits in the queue. */
static bool has_datagrams(struct service_clients *clients, size_t n)
{
	struct datagram_stamp before = clients->datagrams[n];

	datagram_stamp_read(clients->query.runtime->listeners[n].io.fd, &clients->datagrams[n]);
	return clients->datagrams[n].waits || clients->datagrams[n].stamp != before.stamp;
}

bool service_clients_are_there(struct service_clients *clients)
{
	bool seen = false;

	clients->known = true;
	clients->connections = 0;
	for (size_t n = 0; n < clients->count; n++) {
		const struct conn_count *conn = &clients->query.conns[n];
		const struct listener *listener = &clients->query.runtime->listeners[n];
		bool known = conn->known;

		if (!listener_has_socket(listener))
			continue;
		if (conn->kind == CONN_UDP) {
			seen = has_datagrams(clients, n) || seen;
			known = known && clients->datagrams[n].known;
		}
		if (!known)
			say_unknown(clients, listener);
		clients->known = clients->known && known;
		clients->connections += conn->count;
	}
	return seen || !clients->known || clients->connections > 0;
}
