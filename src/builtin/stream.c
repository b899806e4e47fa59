/* The small services over connections: echo, discard, chargen, daytime, time. */
#include "builtin/services.h"

#include <sys/socket.h>
#include <time.h>

#include "builtin/connection.h"
#include "builtin/text.h"

static void move_bytes(struct builtin_server *server, struct connection *connection, int to)
{
	connection_open(server, connection, to, -1);
	connection_run(server, connection, true, true);
}

void echo_begin(struct builtin_server *server, struct connection *connection)
{
	move_bytes(server, connection, connection->client.fd);
}

void discard_begin(struct builtin_server *server, struct connection *connection)
{
	move_bytes(server, connection, -1);
}

/* The client's bytes are dropped, as RFC 864 says. One that shuts down only its sending side still gets characters;
 * only a reset ends that. */
void chargen_begin(struct builtin_server *server, struct connection *connection)
{
	if (!server->text_length)
		server->text_length = chargen_fill(server->text, server->settings->options.xinetd_text);
	connection_open(server, connection, -1, -1);
	relay_repeat(&connection->out, server->text, server->text_length);
	connection_run(server, connection, true, true);
}

/* The new connection's buffer is empty, so all bytes fit. */
static void answer_once(struct builtin_server *server, struct connection *connection, const void *bytes, size_t length)
{
	send(connection->client.fd, bytes, length, MSG_DONTWAIT | MSG_NOSIGNAL);
	connection->served = true;
	connection_shut(connection);
	connection_end(server, connection, false);
}

void daytime_begin(struct builtin_server *server, struct connection *connection)
{
	char text[64];

	answer_once(server, connection, text,
	       daytime_text(time(NULL), server->settings->options.xinetd_text, text, sizeof(text)));
}

void time_begin(struct builtin_server *server, struct connection *connection)
{
	unsigned char bytes[4];

	time_bytes(time(NULL), bytes);
	answer_once(server, connection, bytes, sizeof(bytes));
}
