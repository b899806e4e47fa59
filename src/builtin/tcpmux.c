/* The beginning of a tcpmux connection: reads the name and sends it to superd, which goes on with its own copy of the
 * connection.
 *
 * The bytes behind the line belong to the service. So each piece of the line is first read with MSG_PEEK, and then only
 * the bytes of the line are consumed. */
#include "builtin/builtin.h"

/* ---- listing ----
 *
 * servers and services, and the names of tcpmux: superd writes the list into a file, so that a slow client keeps
 * nobody else waiting. */

#define LIST_TIMEOUT (INT64_C(5) * 60 * 1000) /* milliseconds for the whole list */
#define SUPERD_TIMEOUT 10000            /* milliseconds for superd's answer */

static void fail(struct builtin_server *server, struct connection *connection)
{
	builtin_log("superd does not send the list: %s", strerror(errno));
	connection->served = false;
	connection_end(server, connection, false);
}

void service_list_begin(struct builtin_server *server, struct connection *connection)
{
	int64_t until = clock_ms() + SUPERD_TIMEOUT;

	if (exchange_begin(server, connection, until) && !exchange_ask(server, connection, "", until))
		fail(server, connection);
}

void service_list_on_answer(struct builtin_server *server, struct connection *connection, int file)
{
	if (file < 0) {
		fail(server, connection);
		return;
	}
	connection->exchange->file = file;
	exchange_answer(server, connection, clock_ms() + LIST_TIMEOUT);
}

/* ---- tcpmux ---- */

#define TIMEOUT 30000                   /* milliseconds for the line */
#define REFUSAL_TIMEOUT 1000            /* milliseconds for a client to take its refusal */

static ssize_t receive(int connection, char *bytes, size_t size, int flags)
{
	ssize_t got;

	do
		got = recv(connection, bytes, size, flags | MSG_DONTWAIT);
	while (got < 0 && errno == EINTR);
	if (got < 0 && (errno == ENOMEM || errno == ENOBUFS))
		builtin_log("cannot read the request of a client: %s", strerror(errno));
	return got;
}

enum request_state tcpmux_read(int connection, struct buf *line)
{
	char bytes[MUX_NAME_MOST + 2];

	while (!line->length || line->data[line->length - 1] != '\n') {
		ssize_t got = receive(connection, bytes, sizeof(bytes) - line->length, MSG_PEEK);
		const char *feed = got > 0 ? memchr(bytes, '\n', (size_t)got) : NULL;
		size_t part = feed ? (size_t)(feed - bytes) + 1 : (size_t)got;

		if (got < 0 && errno == EAGAIN)
			return REQUEST_PARTIAL;
		if (got <= 0 || receive(connection, bytes, part, 0) != (ssize_t)part)
			return REQUEST_INVALID;
		buf_add(line, bytes, part);
		if (line->failed)
			builtin_log("cannot read the request of a client: out of memory");
		if (line->failed || (!feed && line->length == sizeof(bytes)))
			return REQUEST_INVALID;
	}
	buf_cut(line, line->length - 1);
	if (line->length && line->data[line->length - 1] == '\r')
		buf_cut(line, line->length - 1);
	for (size_t n = 0; n < line->length; n++) {
		if (line->data[n] <= ' ' || line->data[n] > '~')
			return REQUEST_INVALID;
	}
	return line->length && line->length <= MUX_NAME_MOST ? REQUEST_COMPLETE : REQUEST_INVALID;
}

static void refuse_client(struct builtin_server *server, struct connection *connection, const char *text)
{
	buf_text(&connection->exchange->answer, text);
	exchange_answer(server, connection, clock_ms() + REFUSAL_TIMEOUT);
}

void tcpmux_begin(struct builtin_server *server, struct connection *connection)
{
	exchange_begin(server, connection, connection->since + TIMEOUT);
}

/* For the names of all services, superd answers with a file of them; a name has it take over the connection. */
void tcpmux_on_request(struct builtin_server *server, struct connection *connection, bool late)
{
	struct buf *line = &connection->exchange->request;
	enum request_state state = late ? REQUEST_INVALID : tcpmux_read(connection->client.fd, line);
	bool wants_help = state == REQUEST_COMPLETE && !strcasecmp(line->data, "help");

	if (state == REQUEST_INVALID) {
		refuse_client(server, connection, "-Error reading service name\r\n");
	} else if (state == REQUEST_COMPLETE &&
		   !exchange_ask(server, connection, wants_help ? "help" : line->data, clock_ms() + SUPERD_TIMEOUT)) {
		builtin_log("cannot send superd the name: %s", strerror(errno));
		refuse_client(server, connection, "-Service not available\r\n");
	} else if (state == REQUEST_COMPLETE && !wants_help) {
		connection_end(server, connection, false);
	}
}
