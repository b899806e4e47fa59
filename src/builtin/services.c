/* The small services: echo, discard, chargen, daytime, time (RFC 862 to 864, 867, 868), over connections and
 * datagrams. */
#include "builtin/builtin.h"

/* ---- text ----
 *
 * The texts of the small services.
 *
 * xinetd's daytime and chargen differ from those of other inetds; xinetd_text selects them. time sends four bytes in
 * network order (RFC 868), whatever the size of time_t. */

#define DAYTIME_MOST 64                 /* bytes of a reply of daytime */
#define SINCE_1900 2208988800u /* seconds from 1900 to 1970 */

size_t chargen_fill(char turn[CHARGEN_TURN], bool xinetd_text)
{
	char first = xinetd_text ? '!' : ' ', last = xinetd_text ? '}' : '~';
	size_t count = (size_t)(last - first) + 1;

	for (size_t line = 0; line < count; line++) {
		char *at = turn + line * CHARGEN_LINE;

		for (size_t column = 0; column < 72; column++)
			at[column] = (char)(first + (char)((line + column) % count));
		at[72] = '\r';
		at[73] = '\n';
	}
	return count * CHARGEN_LINE;
}

size_t daytime_text(time_t now, bool xinetd_text, char *out, size_t size)
{
	struct tm local;
	size_t length;

	if (!localtime_r(&now, &local))
		return 0;
	if (!xinetd_text)
		return strftime(out, size, "%a %b %e %H:%M:%S %Y\r\n", &local);
	length = strftime(out, size, "%d %b %Y %H:%M:%S %Z\r\n", &local);
	for (size_t n = 3; n < 6 && n < length; n++)
		out[n] = (char)toupper((unsigned char)out[n]);
	return length;
}

void time_bytes(time_t now, unsigned char out[4])
{
	uint32_t seconds = (uint32_t)((uint64_t)now + SINCE_1900);

	for (int n = 0; n < 4; n++)
		out[n] = (unsigned char)(seconds >> (24 - 8 * n));
}

/* ---- stream ----
 *
 * The small services over connections: echo, discard, chargen, daytime, time. */

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
	connection->out.buffer.text = server->text;
	connection->out.buffer.text_length = server->text_length;
	connection->out.done = connection->out.end_passed = false;
	connection_run(server, connection, true, true);
}

/* Composes the reply to one datagram. Returns its length, at most DATAGRAM_MOST. chargen sends no more than it received
 * (RFC 864: a random number of up to 512 characters), because a longer reply would amplify forged requests. */
static size_t compose_reply(const struct settings *settings, const char *request, size_t length, char *reply)
{
	char turn[CHARGEN_TURN];

	switch (settings->builtin->reply) {
	case REPLY_ECHO:
		memcpy(reply, request, length);
		return length;
	case REPLY_CHARGEN:
		chargen_fill(turn, settings->options.xinetd_text);
		length = length < 512 ? length : 512;
		memcpy(reply, turn, length);
		return length;
	case REPLY_DAYTIME:
		return daytime_text(time(NULL), settings->options.xinetd_text, reply, DAYTIME_MOST);
	case REPLY_TIME:
		time_bytes(time(NULL), (unsigned char *)reply);
		return 4;
	case REPLY_NONE:
		break;
	}
	return 0;
}

/* daytime and time: what a datagram is answered with. The new connection's buffer is empty, so all bytes fit. */
void answer_begin(struct builtin_server *server, struct connection *connection)
{
	char bytes[DAYTIME_MOST];
	size_t length = compose_reply(server->settings, "", 0, bytes);

	send(connection->client.fd, bytes, length, MSG_DONTWAIT | MSG_NOSIGNAL);
	connection->served = true;
	connection_shut(connection);
	connection_end(server, connection, false);
}

#define BATCH 64                        /* datagrams in one call of datagrams_serve */

/* The sender's address may be forged. So a source gets a limited number of replies in a second, and a port that might
 * reply in turn gets none (sender_refuse). */
void datagrams_serve(const struct settings *settings, struct datagrams *datagrams, int fd)
{
	struct socket_address sender;
	struct pktinfo pktinfo;
	size_t size;

	for (int n = 0; n < BATCH; n++) {
		ssize_t got = pktinfo_receive(&pktinfo, fd, &sender, datagrams->request, sizeof(datagrams->request));

		if (got < 0 && errno != ECONNREFUSED) /* which is that an earlier reply met a closed port */
			return;
		if (got < 0 || pktinfo.truncated || pktinfo.to_many || settings->builtin->reply == REPLY_NONE ||
		    !replies_allow(&datagrams->replies, &sender, sender_refuse(&sender, -1, settings), true))
			continue;
		size = compose_reply(settings, datagrams->request, (size_t)got, datagrams->reply);
		pktinfo_send(&pktinfo, fd, &sender, datagrams->reply, size);
	}
}
