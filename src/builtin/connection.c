/* A connection is watched by edges, so the loop changes nothing in the kernel while data flows; each turn of a
 * connection goes on until its sockets are not ready, or it has had its share and comes again behind the others. */
#include "builtin/builtin.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "lib/clock.h"
#include "lib/fd.h"

#define DRAIN_TURNS 16                  /* calls of recv(2) in connection_shut */

bool connection_watch(const struct builtin_server *server, int operation, struct loop_watch *watch)
{
	return loop_watch_set(server->epoll, operation, watch, EPOLLIN | EPOLLPRI | EPOLLOUT | EPOLLRDHUP | EPOLLET);
}

struct connection *connection_new(struct builtin_server *server, int fd)
{
	struct connection *connection = calloc(1, sizeof(*connection));

	if (!connection)
		return NULL;
	connection->client = (struct loop_watch){ .kind = WATCH_CLIENT, .fd = fd };
	connection->target = (struct loop_watch){ .kind = WATCH_TARGET, .fd = -1 };
	list_init(&connection->link);
	list_init(&connection->again);
	connection->since = clock_ms();
	if (!connection_watch(server, EPOLL_CTL_ADD, &connection->client)) {
		int error = errno;

		free(connection);
		errno = error;
		return NULL;
	}
	server->count++;
	return connection;
}

void connection_set_phase(struct builtin_server *server, struct connection *connection, enum phase phase)
{
	connection->phase = phase;
	list_remove(&connection->link);
	list_add(&server->of[phase], &connection->link);
}

/* Most end later than all others. */
void connection_sort(struct list *list, struct connection *connection)
{
	struct list *next = list;

	list_remove(&connection->link);
	while (next->previous != list &&
	       container_of(next->previous, struct connection, link)->until > connection->until)
		next = next->previous;
	list_add(next, &connection->link);
}

/* Puts its end off. */
static void note_bytes(struct builtin_server *server, struct connection *connection)
{
	const struct settings *settings = server->settings;

	if (!settings->idle_timeout)
		return;
	connection->until = clock_ms() + settings->idle_timeout;
	if (settings->total_timeout && connection->until > connection->since + settings->total_timeout)
		connection->until = connection->since + settings->total_timeout;
	connection_sort(&server->of[RELAYING], connection);
}

void connection_open(struct builtin_server *server, struct connection *connection, int to, int from)
{
	int client = connection->client.fd;

	if (server->gets_clients)
		fd_set_nonblocking(client, true);
	connection_set_phase(server, connection, RELAYING);
	note_bytes(server, connection);
	connection->served = true;
	server->served++;
	relay_open(&connection->in, client, to);
	relay_open(&connection->out, from, client);
	connection->in.buffer.room = connection->out.buffer.room = server->room;
	connection->in.waits = connection->out.waits = true;
	connection->in.reads_all = connection->client_reads_all;
	connection->out.reads_all = connection->target_reads_all;
	connection->out.done = connection->out.end_passed = from < 0;
}

/* ---- superd's clients ---- */

void connection_report(struct builtin_server *server, const struct connection *connection)
{
	int channel = server->channel.fd;
	char text[128];

	server->retired = true;
	server->status = !connection->served;
	snprintf(text, sizeof(text), "in=%" PRIu64 " out=%" PRIu64 "%s\n", connection->in.moved, connection->out.moved,
		 connection->served ? "" : " failed");
	/* A superd that has gone meanwhile needs no report. */
	if (channel < 0 || channel_send(channel, text, strlen(text)) || errno == EPIPE || errno == ECONNRESET)
		return;
	builtin_log("cannot report to superd: %s", strerror(errno));
	server->status = 1;
}

/* ---- its end ---- */

void connection_shut(const struct connection *connection)
{
	char rest[4096];

	shutdown(connection->client.fd, SHUT_WR);
	for (int n = 0; n < DRAIN_TURNS && recv(connection->client.fd, rest, sizeof(rest), MSG_DONTWAIT) > 0; n++)
		continue;
}

void connection_end(struct builtin_server *server, struct connection *connection, bool reset)
{
	const struct linger at_once = { .l_onoff = 1, .l_linger = 0 };

	if (server->gets_clients)
		connection_report(server, connection);
	if (connection->phase == RELAYING) {
		relay_pass_reset(&connection->in, &connection->out);
		relay_close(&connection->in);
		relay_close(&connection->out);
	} else if (reset && !server->gets_clients) {
		setsockopt(connection->client.fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	}
	if (connection->exchange) {
		buf_free(&connection->exchange->request);
		buf_free(&connection->exchange->answer);
		fd_close(&connection->exchange->file);
		free(connection->exchange);
		connection->exchange = NULL;
	}
	if (connection->counted)
		source_count_leave(&server->sources, server, connection->source);
	loop_watch_close(server->epoll, &connection->client);
	loop_watch_close(server->epoll, &connection->target);
	list_remove(&connection->again);
	list_remove(&connection->link);
	list_add(&server->dead, &connection->link);
	server->count--;
	server->blocked = 0;
}

void connections_free_dead(struct builtin_server *server)
{
	LIST_EACH(link, &server->dead) {
		list_remove(link);
		free(container_of(link, struct connection, link));
	}
}

void connections_end_all(struct builtin_server *server)
{
	for (int phase = 0; phase < CONNECTION_PHASES; phase++) {
		while (!list_empty(&server->of[phase]))
			connection_end(server, container_of(server->of[phase].next, struct connection, link), false);
	}
}

int64_t connections_end_idle(struct builtin_server *server, int64_t now)
{
	LIST_EACH(link, &server->of[RELAYING]) {
		struct connection *connection = container_of(link, struct connection, link);

		if (!server->settings->idle_timeout)
			return -1;
		if (now < connection->until)
			return connection->until - now;
		connection_end(server, connection, false);
	}
	return -1;
}

/* ---- its bytes ---- */

/* Bytes that are dropped keep no connection whose client is sent something. */
static bool has_moved(const struct connection *connection, uint64_t received, uint64_t sent)
{
	const struct relay *in = &connection->in, *out = &connection->out;

	return out->moved != sent || (in->moved != received && (in->to >= 0 || out->done));
}

void connection_run(struct builtin_server *server, struct connection *connection, bool runs_in, bool runs_out)
{
	struct relay *in = &connection->in, *out = &connection->out;
	uint64_t received = in->moved, sent = out->moved;

	list_remove(&connection->again);
	if (runs_in)
		relay_run(in);
	if (runs_out)
		relay_run(out);
	if (connection->client_end && in->done && !out->done)
		relay_receiver_gone(out, connection->client_end & EPOLLERR);
	if (connection->target_end && out->done && !in->done)
		relay_receiver_gone(in, connection->target_end & EPOLLERR);
	server->received += in->moved - received;
	server->sent += out->moved - sent;
	if (has_moved(connection, received, sent))
		note_bytes(server, connection);
	relay_pass_ends(in, out);
	relay_tune_loopback(in, out, &connection->tuned);
	if (relay_have_ended(in, out)) {
		connection_end(server, connection, false);
		return;
	}
	if ((!in->done && !in->waits) || (!out->done && !out->waits))
		list_add(&server->again, &connection->again);
}

static bool concerns(const struct relay *relay, int fd, bool reads, uint32_t events)
{
	return (relay->from == fd && reads) || (relay->to == fd && (events & EPOLLOUT) && relay->buffer.held);
}

void connection_on_event(struct builtin_server *server, struct connection *connection, struct loop_watch *watch,
			 uint32_t events)
{
	bool reads_all = events & (EPOLLRDHUP | EPOLLPRI | EPOLLERR | EPOLLHUP);
	bool reads = reads_all || (events & EPOLLIN);
	bool is_client = watch->kind == WATCH_CLIENT;
	struct relay *in = &connection->in, *out = &connection->out;

	*(is_client ? &connection->client_end : &connection->target_end) |= events & (EPOLLERR | EPOLLHUP);
	(is_client ? in : out)->reads_all |= reads_all;
	connection_run(server, connection, concerns(in, watch->fd, reads, events),
		       concerns(out, watch->fd, reads, events));
}

void connections_take(struct list *from, struct list *to)
{
	list_init(to);
	if (list_empty(from))
		return;
	*to = *from;
	to->next->previous = to->previous->next = to;
	list_init(from);
}

void connections_run_again(struct builtin_server *server)
{
	struct list now;

	connections_take(&server->again, &now);
	while (!list_empty(&now)) {
		struct connection *connection = container_of(now.next, struct connection, again);

		connection_run(server, connection, !connection->in.waits, !connection->out.waits);
	}
}
