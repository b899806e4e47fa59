/* A connection is watched by edges, so the loop changes nothing in the kernel while data flows; each turn of a
 * connection goes on until its sockets are not ready, or it has had its share and comes again behind the others: no
 * second edge comes for what is left. A read that got less than it asked for has emptied the socket. Only the end of
 * the sender may still be in it (epoll(7)), or what follows an urgent byte, at which a read stops (tcp(7)).
 *
 * A relay moves data in one direction. One that holds data waits only for the receiver, else only for the sender, so
 * the receiver slows the sender down. Most of many connections are quiet at any moment, so a buffer has memory only
 * while it holds bytes from one turn to the next. */
#include "builtin/builtin.h"

#include <netinet/tcp.h>
#include <sys/epoll.h>

#define DRAIN_TURNS 16                  /* calls of recv(2) in connection_shut */
#define TURN (8 << 20)                  /* bytes at most in one turn */
#define FULL (64 << 10)                 /* bytes; behind a turn that moves as many, a pipe is used … */
#define TURN_TO_PIPE (256 << 10)        /* … or in a turn that has moved so many */
#define LOOPBACK_RTT_MOST 50            /* microseconds; a shorter round trip time is the same machine */
#define LOOPBACK_BUFFER (1 << 20)       /* bytes, SO_RCVBUF and SO_SNDBUF */
#define UNPACED "reno"                  /* TCP_CONGESTION; every kernel has it, and every user may choose it */
#define PIPE_ROOM (1 << 20)             /* bytes of a pipe */

/* ---- the buffer ---- */

static void buffer_close(struct relay_buffer *buffer)
{
	free(buffer->own);
	buffer->own = NULL;
	fd_close(&buffer->pipe[0]);
	fd_close(&buffer->pipe[1]);
}

/* At the end of a turn: the next connection uses the room. false and errno: out of memory. */
static bool buffer_keep(struct relay_buffer *buffer)
{
	if (!buffer->held || !buffer->in_room)
		return true;
	free(buffer->own);
	buffer->own = malloc(buffer->held);
	if (!buffer->own)
		return false;
	memcpy(buffer->own, buffer->bytes, buffer->held);
	buffer->bytes = buffer->own;
	buffer->in_room = false;
	return true;
}

/* Changes to a pipe. The buffer must be empty. A pipe of 16 pages, the default, would take as many system calls as
 * read(2) and write(2). F_SETPIPE_SZ (fcntl(2)) enlarges it, but the memory of all pipes of a user is limited
 * (pipe(7)): if 1 MiB is refused, a smaller pipe is used. Without a pipe, nothing changes. */
static void buffer_use_pipe(struct relay_buffer *buffer)
{
	if (buffer->pipe[0] >= 0 || fd_pipe(buffer->pipe) < 0)
		return;
	for (int size = PIPE_ROOM; size >= 256 << 10 && fcntl(buffer->pipe[0], F_SETPIPE_SZ, size) < 0; size /= 2)
		continue;
}

/* Reads without waiting. The buffer must be empty. Returns the number of bytes; 0: end of file; -1 and errno, EAGAIN if
 * there is nothing. With edges (EPOLLET) nothing else may end a turn, so a signal does not. */
static ssize_t buffer_fill(struct relay_buffer *buffer, int from)
{
	ssize_t got = (ssize_t)buffer->text_length;

	buffer->in_room = !buffer->text && buffer->pipe[0] < 0;
	buffer->bytes = buffer->text ? buffer->text : buffer->room;
	do {
		if (buffer->in_room)
			got = recv(from, buffer->room, BUFFER_ROOM, MSG_DONTWAIT);
		else if (!buffer->text)
			got = splice(from, NULL, buffer->pipe[1], NULL, PIPE_ROOM, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
	} while (got < 0 && errno == EINTR);
	buffer->held = got > 0 ? (size_t)got : 0;
	return got;
}

/* Writes held bytes without waiting; to -1: drops them. Returns the number of bytes, or -1 and errno as buffer_fill. */
static ssize_t buffer_drain(struct relay_buffer *buffer, int to)
{
	ssize_t sent;

	do {
		if (to < 0)
			sent = (ssize_t)buffer->held;
		else if (buffer->pipe[0] >= 0)
			sent = splice(buffer->pipe[0], NULL, to, NULL, buffer->held, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
		else
			sent = send(to, buffer->bytes, buffer->held, MSG_DONTWAIT | MSG_NOSIGNAL);
	} while (sent < 0 && errno == EINTR);
	if (sent > 0) {
		buffer->bytes += sent;
		buffer->held -= (size_t)sent;
	}
	return sent;
}

/* ---- one direction ---- */

/* Whether the last error is the machine's own. What the other side or the network does is no news to an operator. */
static bool is_shortage(int error)
{
	return error == ENOMEM || error == ENOBUFS || error == EMFILE || error == ENFILE;
}

static void end_relay(struct relay *relay, bool broken)
{
	relay->done = true;
	relay->broken = broken;
}

static void break_relay(struct relay *relay, int error)
{
	if (is_shortage(error))
		builtin_log("a connection is reset: %s", strerror(error));
	end_relay(relay, true);
}

/* Receives, after `moved` bytes of this turn. false: no data is there now, or the direction has ended. */
static bool fill_relay(struct relay *relay, uint64_t moved)
{
	ssize_t got;

	if (relay->from >= 0 && relay->to >= 0 && (relay->is_busy || moved >= TURN_TO_PIPE))
		buffer_use_pipe(&relay->buffer);
	got = buffer_fill(&relay->buffer, relay->from);
	if (got > 0) {
		relay->waits = !relay->reads_all && relay->buffer.in_room && got < BUFFER_ROOM;
		return true;
	}
	if (got == 0) {
		end_relay(relay, false);
	} else if (errno == EAGAIN) {
		relay->waits = true;
	} else {
		break_relay(relay, errno);
	}
	return false;
}

/* Sends. false: the receiver accepts no more data now, or it is gone. It may have sent some before, so only the sender
 * is shut down then. After any other error both sides are reset: bytes are lost, and nothing would tell of it. */
static bool drain_relay(struct relay *relay)
{
	ssize_t sent = buffer_drain(&relay->buffer, relay->to);

	if (sent >= 0) {
		relay->moved += (uint64_t)sent;
		return true;
	}
	if (errno == EAGAIN) {
		relay->waits = true;
		return false;
	}
	relay->write_failed = !is_shortage(errno);
	if (relay->write_failed)
		shutdown(relay->from, SHUT_RD);
	break_relay(relay, errno);
	return false;
}

/* Moves what can be moved without waiting, at most TURN bytes, so that the other direction gets its turn. */
static void relay_run(struct relay *relay)
{
	uint64_t begun = relay->moved;

	relay->waits = false;
	while (!relay->done && relay->moved - begun < TURN && (!relay->waits || relay->buffer.held)) {
		if (relay->buffer.held ? !drain_relay(relay) : !fill_relay(relay, relay->moved - begun))
			break;
	}
	if (relay->moved > begun)
		relay->is_busy = relay->moved - begun >= FULL;
	if (!relay->buffer.held && !relay->is_busy)
		buffer_close(&relay->buffer);
	else if (!buffer_keep(&relay->buffer))
		break_relay(relay, errno);
}

/* Between processes of one machine no link can be congested. There pacing, as BBR does it, only costs time, and so do
 * buffers of many megabytes: the data has left the processor's cache before it is read. Other connections keep the
 * kernel's settings. */
static void tune_for_loopback(int fd)
{
	struct tcp_info info;
	socklen_t length = sizeof(info);
	int size = LOOPBACK_BUFFER;

	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &length) < 0 || length < sizeof(info) || !info.tcpi_rtt ||
	    info.tcpi_rtt > LOOPBACK_RTT_MOST)
		return;
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, UNPACED, sizeof(UNPACED) - 1);
}

/* Makes close(2) send a reset (socket(7), SO_LINGER). */
static void set_reset(int fd)
{
	const struct linger at_once = { .l_onoff = 1, .l_linger = 0 };

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
}

/* Shuts down the receiver of a direction that has ended. close(2) follows if the other has ended, too. */
static void pass_end(struct relay *relay, const struct relay *other)
{
	if (!relay->done || relay->broken || relay->end_passed || other->done)
		return;
	shutdown(relay->to, SHUT_WR);
	relay->end_passed = true;
}

/* ---- both directions ---- */

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
	connection->in = (struct relay){ .from = client, .to = to, .reads_all = connection->client_reads_all };
	connection->out = (struct relay){ .from = from, .to = client, .reads_all = connection->target_reads_all };
	connection->in.buffer = (struct relay_buffer){ .room = server->room, .pipe = { -1, -1 } };
	connection->out.buffer = connection->in.buffer;
	connection->in.waits = connection->out.waits = true;
	connection->out.done = connection->out.end_passed = from < 0;
}

/* ---- superd's clients ---- */

/* Tells superd of the end of the client that it has accepted. */
static void connection_report(struct builtin_server *server, const struct connection *connection)
{
	int channel = server->channel.fd;
	char text[128];

	server->retired = true;
	server->status = !connection->served;
	snprintf(text, sizeof(text), "in=%" PRIu64 " out=%" PRIu64 "\n", connection->in.moved, connection->out.moved);
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
	struct relay *in = &connection->in, *out = &connection->out;

	if (server->gets_clients)
		connection_report(server, connection);
	if (connection->phase == RELAYING) {
		if (in->broken || out->broken) { /* a reset is passed on, to either side */
			set_reset(in->from);
			set_reset(in->to);
		}
		buffer_close(&in->buffer);
		buffer_close(&out->buffer);
	} else if (reset && !server->gets_clients) {
		set_reset(connection->client.fd);
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

void connection_run(struct builtin_server *server, struct connection *connection, bool runs_in, bool runs_out)
{
	struct relay *in = &connection->in, *out = &connection->out;
	uint64_t received = in->moved, sent = out->moved;
	bool is_reset;

	list_remove(&connection->again);
	if (runs_in)
		relay_run(in);
	if (runs_out)
		relay_run(out);
	if (connection->client_end && in->done && !out->done)
		end_relay(out, connection->client_end & EPOLLERR);
	if (connection->target_end && out->done && !in->done)
		end_relay(in, connection->target_end & EPOLLERR);
	server->received += in->moved - received;
	server->sent += out->moved - sent;
	/* Bytes that are dropped keep no connection whose client is sent something. */
	if (out->moved != sent || (in->moved != received && (in->to >= 0 || out->done)))
		note_bytes(server, connection);
	pass_end(in, out);
	pass_end(out, in);
	if (!connection->tuned && (in->is_busy || out->is_busy)) {
		tune_for_loopback(in->from);
		tune_for_loopback(in->to);
		connection->tuned = true;
	}
	/* A side that refuses data may have sent some before, which still has to be moved. */
	is_reset = (in->broken && !in->write_failed) || (out->broken && !out->write_failed);
	if (is_reset || (in->done && out->done)) {
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
