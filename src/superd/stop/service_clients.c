/* Counts the clients of all sockets of a service together. The kernel cannot tell the clients of every socket. A
 * socket whose clients are unknown counts as used, and the log says once why its service is never idle. */
#include "superd/stop/service_clients.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>

#include "lib/clock.h"
#include "lib/number.h"

void service_clients_prepare(struct service_clients *clients)
{
	const struct listener *listeners = clients->query.runtime->listeners;

	clients->query.count = 0;
	for (size_t n = 0; n < clients->count; n++) {
		int fd = listener_has_socket(&listeners[n]) ? listeners[n].fd : -1;

		conn_query_add(&clients->query, fd);
	}
	clients->query.count += clients->own_count;
}

uint32_t service_clients_own(const struct service_clients *clients)
{
	uint32_t sum = 0;

	for (size_t n = 0; n < clients->own_count; n++)
		sum += clients->query.conns[clients->count + n].count;
	return sum;
}

bool service_clients_closes_are_reported(const struct service_clients *clients)
{
	for (size_t n = 0; n < clients->count; n++) {
		if (listener_has_socket(&clients->query.runtime->listeners[n]) &&
		    clients->query.conns[n].kind != CONN_TCP)
			return false;
	}
	for (size_t n = 0; n < clients->own_count; n++) {
		if (clients->query.conns[clients->count + n].kind != CONN_TCP)
			return false;
	}
	return true;
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
		  "idle_timeout has no effect: the users of %s cannot be counted", buf_string(&endpoint));
	buf_free(&endpoint);
}

/* A datagram has arrived since the last look, or waits in the queue. */
static bool has_datagrams(struct service_clients *clients, size_t n)
{
	struct datagram_stamp before = clients->datagrams[n];

	datagram_stamp_read(clients->query.runtime->listeners[n].fd, &clients->datagrams[n]);
	return clients->datagrams[n].waits || clients->datagrams[n].stamp != before.stamp;
}

static bool sum_up(struct service_clients *clients)
{
	clients->at = clock_now();
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

static void forget_pids(struct service_clients *clients)
{
	free(clients->pids);
	clients->pids = NULL;
}

/* The longest quiet time that the kernel tells is that of its 32 bits of milliseconds. */
static bool start_look(struct service_clients *clients)
{
	double milliseconds = number_min(clients->quiet_after * 1000, UINT32_MAX);
	bool started = client_look_start(&clients->look, &clients->query, clients->count, (uint32_t)milliseconds,
					 clients->pids);

	forget_pids(clients);
	return started;
}

static void write_peers(struct service_clients *clients)
{
	struct buf peers = { 0 };
	char text[INET6_ADDRSTRLEN];
	size_t n = 0;

	for (; n < CONN_PEERS_MOST && conn_query_peer(&clients->query, n, text, sizeof(text)); n++)
		buf_addf(&peers, "%s%s", n ? ", " : "", text);
	snprintf(clients->peers, sizeof(clients->peers), "%s%s", buf_string(&peers),
		 n == CONN_PEERS_MOST ? ", ..." : "");
	buf_free(&peers);
}

static void answer_questions(struct service_clients *clients)
{
	LIST_EACH(link, &clients->questions) {
		list_remove(link);
		container_of(link, struct clients_question, link)->done(
			container_of(link, struct clients_question, link));
	}
}

/* A count that somebody has asked for may leave open whether the service is used; then idle counts when it is due. If
 * no process can be started for a look, nobody knows who is connected. */
static void on_counted(struct conn_query *query)
{
	struct service_clients *clients = container_of(query, struct service_clients, query);
	bool used = sum_up(clients);
	bool looks = clients->looks && (used ? may_be_quiet(clients) : clients->pids != NULL);

	write_peers(clients);
	if (looks && start_look(clients))
		return;
	clients->known = clients->known && !looks;
	used = used || looks;
	forget_pids(clients);
	clients->connections += service_clients_own(clients);
	answer_questions(clients);
	if (clients->looks || !(used ? may_be_quiet(clients) : service_clients_own(clients)))
		clients->counted(clients, used || service_clients_own(clients));
}

/* Keeps the ports that somebody is connected to, for the next counts, which know nothing of connections within the
 * backend. Without memory only the last count finds them, each time anew. */
static void keep_own(struct service_clients *clients, const struct client_count_answer *answer)
{
	struct conn_count *conns =
		reallocarray(clients->query.conns, clients->count + OWN_PORTS_MOST + 1, sizeof(*conns));

	clients->own_count = 0;
	if (conns)
		clients->query.conns = conns;
	for (size_t n = 0; conns && n < answer->own_count; n++) {
		if (answer->own[n].count)
			conns[clients->count + clients->own_count++] = answer->own[n];
	}
}

static void on_looked(struct client_look *look, const struct client_count_answer *answer)
{
	struct service_clients *clients = container_of(look, struct service_clients, look);

	clients->known = answer->known;
	if (answer->known) {
		if (answer->own_count || clients->own_count)
			keep_own(clients, answer);
		clients->connections = answer->count + answer->quiet;
		clients->quiet = answer->quiet;
		clients->moved = answer->moved < UINT32_MAX ? clock_now() - answer->moved / 1000. : 0;
	}
	answer_questions(clients);
	clients->counted(clients, !answer->known || answer->count > 0);
}

bool service_clients_init(struct service_clients *clients, struct service_runtime *runtime,
			  void (*counted)(struct service_clients *clients, bool used))
{
	size_t count = runtime->listener_count;

	*clients = (struct service_clients){ .count = count, .counted = counted };
	list_init(&clients->questions);
	client_look_init(&clients->look, runtime->engine, on_looked);
	clients->datagrams = calloc(count + 1, sizeof(*clients->datagrams));
	if (!clients->datagrams || !conn_query_init(&clients->query, runtime, count, ASK_CLIENTS, on_counted)) {
		service_clients_free(clients);
		return false;
	}
	service_clients_prepare(clients);
	for (size_t n = 0; n < count; n++) {    /* datagrams count from now on */
		if (clients->query.conns[n].kind == CONN_UDP)
			datagram_stamp_read(runtime->listeners[n].fd, &clients->datagrams[n]);
	}
	return true;
}

bool service_clients_count(struct service_clients *clients, pid_t *pids)
{
	client_look_cancel(&clients->look);
	forget_pids(clients);
	clients->pids = pids;
	clients->looks = true;
	if (conn_query_start(&clients->query))
		return true;
	answer_questions(clients);
	return false;
}

bool service_clients_are_counted(const struct service_clients *clients)
{
	return conn_query_is_open(&clients->query) || client_look_is_open(&clients->look);
}

bool service_clients_ask(struct service_clients *clients, struct clients_question *question)
{
	clients->looks = clients->looks && service_clients_are_counted(clients);
	if (!client_look_is_open(&clients->look) && !conn_query_start(&clients->query))
		return false;
	list_add(&clients->questions, &question->link);
	return true;
}

void service_clients_free(struct service_clients *clients)
{
	answer_questions(clients);
	client_look_cancel(&clients->look);
	forget_pids(clients);
	conn_query_free(&clients->query);
	free(clients->datagrams);
}
