/* Counts the clients of all sockets of a service together. The kernel cannot tell the clients of every socket. A
 * socket whose clients are unknown counts as used, and the log says once why its service is never idle. */
#include "engine/clients/visitors.h"

#include <stdlib.h>

bool visitors_init(struct visitors *visitors, struct keeper *keeper, void (*counted)(struct conn_query *query))
{
	size_t count = keeper->listener_count;

	*visitors = (struct visitors){ .count = count, .datagrams = calloc(count + 1, sizeof(*visitors->datagrams)) };
	if (visitors->datagrams && conn_query_init(&visitors->query, keeper, count, counted)) {
		visitors->query.no_probes = true;
		return true;
	}
	visitors_free(visitors);
	return false;
}

void visitors_free(struct visitors *visitors)
{
	conn_query_free(&visitors->query);
	free(visitors->datagrams);
	visitors->datagrams = NULL;
}

void visitors_prepare(struct visitors *visitors)
{
	const struct listener *listeners = visitors->query.keeper->listeners;

	visitors->query.count = 0;
	for (size_t n = 0; n < visitors->count; n++) {
		int fd = listener_has_socket(&listeners[n]) ? listeners[n].io.fd : -1;

		conn_query_add(&visitors->query, fd, ANY_KIND);
	}
}

bool visitors_is_told_of(const struct visitors *visitors)
{
	for (size_t n = 0; n < visitors->count; n++) {
		if (listener_has_socket(&visitors->query.keeper->listeners[n]) &&
		    visitors->query.conns[n].kind != CONN_TCP)
			return false;
	}
	return true;
}

void visitors_begin(struct visitors *visitors)
{
	for (size_t n = 0; n < visitors->count; n++) {
		if (visitors->query.conns[n].kind == CONN_UDP)
			datagram_stamp_read(visitors->query.keeper->listeners[n].io.fd, &visitors->datagrams[n]);
	}
}

static void say_unknown(struct visitors *visitors, const struct listener *listener)
{
	struct event event = { .name = "idle", .service = visitors->query.keeper->service->name };
	struct buf endpoint = { 0 };

	if (visitors->is_told)
		return;
	visitors->is_told = true;
	endpoint_format(listener->listen->endpoint, &endpoint);
	log_event(visitors->query.keeper->engine->log, LEVEL_WARNING, &event,
		  "idle_timeout has no effect: nobody can tell who uses %s", buf_string(&endpoint));
	buf_free(&endpoint);
}

/* A datagram has arrived since the last look, or waits in the queue. */
static bool has_datagrams(struct visitors *visitors, size_t n)
{
	struct datagram_stamp before = visitors->datagrams[n];

	datagram_stamp_read(visitors->query.keeper->listeners[n].io.fd, &visitors->datagrams[n]);
	return visitors->datagrams[n].waits || visitors->datagrams[n].stamp != before.stamp;
}

bool visitors_is_seen(struct visitors *visitors)
{
	bool seen = false;

	visitors->known = true;
	visitors->connections = 0;
	for (size_t n = 0; n < visitors->count; n++) {
		const struct conn_count *conn = &visitors->query.conns[n];
		const struct listener *listener = &visitors->query.keeper->listeners[n];
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
