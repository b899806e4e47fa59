/* Counts the clients of all sockets of a service together. The kernel cannot tell the clients of every socket. A
 * socket whose clients are unknown counts as used, and the log says once why its service is never idle. */
#include "engine/clients/service_clients.h"

#include <stdlib.h>

bool service_clients_init(struct service_clients *visitors, struct service_runtime *runtime,
			  void (*counted)(struct conn_query *query))
{
	size_t count = runtime->listener_count;

	*visitors = (struct service_clients){ .count = count,
					      .datagrams = calloc(count + 1, sizeof(*visitors->datagrams)) };
	if (visitors->datagrams && conn_query_init(&visitors->query, runtime, count, counted)) {
		visitors->query.no_probes = true;
		return true;
	}
	service_clients_free(visitors);
	return false;
}

void service_clients_free(struct service_clients *visitors)
{
	conn_query_free(&visitors->query);
	free(visitors->datagrams);
	visitors->datagrams = NULL;
}

void service_clients_prepare(struct service_clients *visitors)
{
	const struct listener *listeners = visitors->query.runtime->listeners;

	visitors->query.count = 0;
	for (size_t n = 0; n < visitors->count; n++) {
		int fd = listener_has_socket(&listeners[n]) ? listeners[n].io.fd : -1;

		conn_query_add(&visitors->query, fd, ANY_KIND);
	}
}

bool service_clients_is_told_of(const struct service_clients *visitors)
{
	for (size_t n = 0; n < visitors->count; n++) {
		if (listener_has_socket(&visitors->query.runtime->listeners[n]) &&
		    visitors->query.conns[n].kind != CONN_TCP)
			return false;
	}
	return true;
}

void service_clients_begin(struct service_clients *visitors)
{
	for (size_t n = 0; n < visitors->count; n++) {
		if (visitors->query.conns[n].kind == CONN_UDP)
			datagram_stamp_read(visitors->query.runtime->listeners[n].io.fd, &visitors->datagrams[n]);
	}
}

static void say_unknown(struct service_clients *visitors, const struct listener *listener)
{
	struct event event = { .name = "idle", .service = visitors->query.runtime->service->name };
	struct buf endpoint = { 0 };

	if (visitors->is_told)
		return;
	visitors->is_told = true;
	endpoint_format(listener->listen->endpoint, &endpoint);
	log_event(visitors->query.runtime->engine->log, LEVEL_WARNING, &event,
		  "idle_timeout has no effect: nobody can tell who uses %s", buf_string(&endpoint));
	buf_free(&endpoint);
}

/* A datagram has arrived since the last look, or waits in the queue. */
static bool has_datagrams(struct service_clients *visitors, size_t n)
{
	struct datagram_stamp before = visitors->datagrams[n];

	datagram_stamp_read(visitors->query.runtime->listeners[n].io.fd, &visitors->datagrams[n]);
	return visitors->datagrams[n].waits || visitors->datagrams[n].stamp != before.stamp;
}

bool service_clients_is_seen(struct service_clients *visitors)
{
	bool seen = false;

	visitors->known = true;
	visitors->connections = 0;
	for (size_t n = 0; n < visitors->count; n++) {
		const struct conn_count *conn = &visitors->query.conns[n];
		const struct listener *listener = &visitors->query.runtime->listeners[n];
		bool known = conn->known;

		if (!listener_has_socket(listener))
			continue;
		if (conn->kind == CONN_UDP) {
			seen = has_datagrams(visitors, n) || seen;
			known = known && visitors->datagrams[n].known;
		}
		if (!known)
			say_unknown(visitors, listener);
		visitors->known = visitors->known && known;
		visitors->connections += conn->count;
	}
	return seen || !visitors->known || visitors->connections > 0;
}
