/* Requests and answers. The connection is watched by edges (connection_watch), so each step goes on until its
 * socket is not ready. */
#include "builtin/builtin.h"

#define PART (16 << 10)                 /* bytes of a file that are read at once */

bool exchange_begin(struct builtin_server *server, struct connection *connection, int64_t until)
{
	connection->exchange = calloc(1, sizeof(*connection->exchange));
	if (!connection->exchange) {
		builtin_log("a client is closed: %s", strerror(errno));
		connection_end(server, connection, true);
		return false;
	}
	connection->exchange->file = -1;
	connection->served = true;
	server->served++;
	connection_set_phase(server, connection, EXCHANGING);
	exchange_limit(server, connection, until);
	return true;
}

void exchange_limit(struct builtin_server *server, struct connection *connection, int64_t until)
{
	connection->until = until;
	connection_sort(&server->of[EXCHANGING], connection);
}

ssize_t exchange_read(struct connection *connection, size_t most)
{
	struct buf *request = &connection->exchange->request;
	char bytes[1024];
	size_t room = most - request->length;
	ssize_t got;

	do
		got = recv(connection->client.fd, bytes, room < sizeof(bytes) ? room : sizeof(bytes), MSG_DONTWAIT);
	while (got < 0 && errno == EINTR);
	if (got > 0)
		buf_add(request, bytes, (size_t)got);
	if (!request->failed)
		return got;
	errno = ENOMEM;
	return -1;
}

bool exchange_ask(struct builtin_server *server, struct connection *connection, const char *question, int64_t until)
{
	struct buf text = { 0 };
	bool asked;

	buf_addf(&text, "ask %s", question);
	errno = text.failed ? ENOMEM : EPIPE;
	asked = !text.failed && server->channel.fd >= 0 && channel_send(server->channel.fd, text.data, text.length);
	buf_free(&text);
	if (!asked)
		return false;
	connection->exchange->step = EXCHANGE_SUPERD;
	exchange_limit(server, connection, until);
	return true;
}

static void answered(struct builtin_server *server, struct connection *connection, int file, int error)
{
	errno = error;
	server->settings->builtin->on_answer(server, connection, file);
}

void exchange_on_answer(struct builtin_server *server, int file, int error)
{
	struct connection *connection = container_of(server->of[EXCHANGING].next, struct connection, link);

	if (!list_empty(&server->of[EXCHANGING]) && connection->exchange->step == EXCHANGE_SUPERD)
		answered(server, connection, file, error);
	else
		fd_close(&file);        /* it was late */
}

/* Reads the next part of the file. false: there is none. superd has written all of it before, also into a pipe, which
 * it uses where it has no files in memory. */
static bool read_part(struct exchange *exchange)
{
	char bytes[PART];
	ssize_t got = exchange->file >= 0 ? read(exchange->file, bytes, sizeof(bytes)) : 0;

	if (got < 0)
		builtin_log("cannot read superd's answer: %s", strerror(errno));
	buf_clear(&exchange->answer);
	exchange->sent = 0;
	if (got > 0)
		buf_add(&exchange->answer, bytes, (size_t)got);
	return got > 0 && !exchange->answer.failed;
}

static void send_answer(struct builtin_server *server, struct connection *connection)
{
	struct exchange *exchange = connection->exchange;

	do {
		while (exchange->sent < exchange->answer.length) {
			ssize_t sent = send(connection->client.fd, exchange->answer.data + exchange->sent,
					    exchange->answer.length - exchange->sent, MSG_DONTWAIT | MSG_NOSIGNAL);

			if (sent < 0 && errno == EAGAIN)
				return;
			if (sent < 0 && errno != EINTR) {
				connection_end(server, connection, false);
				return;
			}
			exchange->sent += sent > 0 ? (size_t)sent : 0;
		}
	} while (read_part(exchange));
	connection_shut(connection);
	connection_end(server, connection, false);
}

void exchange_answer(struct builtin_server *server, struct connection *connection, int64_t until)
{
	struct exchange *exchange = connection->exchange;

	if (exchange->file >= 0)
		lseek(exchange->file, 0, SEEK_SET); /* fails for a pipe, which does not matter */
	exchange->step = EXCHANGE_ANSWER;
	exchange_limit(server, connection, until);
	send_answer(server, connection);
}

void exchange_on_event(struct builtin_server *server, struct connection *connection)
{
	if (connection->exchange->step == EXCHANGE_REQUEST)
		server->settings->builtin->on_request(server, connection, false);
	else if (connection->exchange->step == EXCHANGE_ANSWER)
		send_answer(server, connection);
}

int64_t exchanges_end_late(struct builtin_server *server, int64_t now)
{
	while (!list_empty(&server->of[EXCHANGING])) {
		struct connection *connection = container_of(server->of[EXCHANGING].next, struct connection, link);

		if (now < connection->until)
			return connection->until - now;
		/* From here it ends, or has a later time: who comes last in the list may be first again. */
		if (connection->exchange->step == EXCHANGE_REQUEST)
			server->settings->builtin->on_request(server, connection, true);
		else if (connection->exchange->step == EXCHANGE_SUPERD)
			answered(server, connection, -1, ETIMEDOUT);
		else
			connection_end(server, connection, false);
	}
	return -1;
}
