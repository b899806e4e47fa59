/* Counts the clients of all sockets of a service together. The kernel cannot tell the clients of every socket. A
 * socket whose clients are unknown counts as used, and the log says once why its service is never idle. */
#include "engine/clients/service_clients.h"

#include <stdlib.h>

#include "base/clock.h"

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

static bool sum_up(struct service_clients *clients)
{
	clients->known = true;
	clients->has_datagrams = false;
	clients->connections = clients->quiet = 0;
	clients->moved = 0;
	for (size_t n = 0; n < clients->count; n++) {
		const struct conn_count *conn = &clients->query.conns[n];
		const struct listener *listener = &clients->query.runtime->listeners[n];
		bool known = conn->known;

		if (!listener_has_socket(listener))
			continue;
		if (conn->kind == CONN_UDP) {
			clients->has_datagrams = has_datagrams(clients, n) || clients->has_datagrams;
			known = known && clients->datagrams[n].known;
		}
		if (!known)
			say_unknown(clients, listener);
		clients->known = clients->known && known;
		clients->connections += conn->count;
	}
	return clients->has_datagrams || !clients->known || clients->connections > 0;
}

/* Whether connections alone keep the service awake, which may be quiet. */
static bool may_be_quiet(const struct service_clients *clients)
{
	return clients->quiet_after > 0 && clients->known && !clients->has_datagrams;
}

/* The longest quiet time that the kernel tells is that of its 32 bits of milliseconds. */
static bool start_look(struct service_clients *clients)
{
	double milliseconds = clients->quiet_after * 1000;

	return milliseconds < UINT32_MAX &&
	       client_look_start(&clients->look, &clients->query, (uint32_t)milliseconds);
}

static void on_counted(struct conn_query *query)
{
	struct service_clients *clients = container_of(query, struct service_clients, query);
	bool used = sum_up(clients);

	if (!used || !may_be_quiet(clients) || !start_look(clients))
		clients->counted(clients, used);
}

static void on_looked(struct client_look *look)
{
	struct service_clients *clients = container_of(look, struct service_clients, look);
	const struct client_count_answer *answer = &look->answer;

	if (answer->known) {
		clients->connections = answer->count + answer->quiet;
		clients->quiet = answer->quiet;
		clients->moved = answer->moved < UINT32_MAX ? clock_now() - answer->moved / 1000. : 0;
	}
	clients->counted(clients, !answer->known || answer->count > 0);
}

bool service_clients_init(struct service_clients *clients, struct service_runtime *runtime,
			  void (*counted)(struct service_clients *clients, bool used))
{
	size_t count = runtime->listener_count;

	*clients = (struct service_clients){
		.count = count, .counted = counted, .datagrams = calloc(count + 1, sizeof(*clients->datagrams))
	};
	client_look_init(&clients->look, runtime->engine, on_looked);
	if (clients->datagrams && conn_query_init(&clients->query, runtime, count, on_counted)) {
		clients->query.no_probes = true;
		return true;
	}
	service_clients_free(clients);
	return false;
}

bool service_clients_count(struct service_clients *clients)
{
	client_look_cancel(&clients->look);
	return conn_query_start(&clients->query);
}

bool service_clients_are_counted(const struct service_clients *clients)
{
	return conn_query_is_open(&clients->query) || client_look_is_open(&clients->look);
}

void service_clients_free(struct service_clients *clients)
{
	client_look_cancel(&clients->look);
	conn_query_free(&clients->query);
	free(clients->datagrams);
	clients->datagrams = NULL;
}
