/* The beginning of a tcpmux connection: reads the name and sends it to superd, which goes on with its own copy of the
 * connection.
 *
 * The bytes behind the line belong to the service. So each piece of the line is first read with MSG_PEEK, and then only
 * the bytes of the line are consumed. As in the BSDs' inetds a CR alone may end the line. A LF behind it is waited for,
 * but not for long. */
#include "builtin/tcpmux.h"

#include <errno.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "builtin/channel.h"
#include "builtin/poll_deadline.h"
#include "builtin/services.h"
#include "lib/clock.h"

#define TIMEOUT 30000                   /* milliseconds for the line */
#define LF_TIMEOUT 200                  /* milliseconds for the LF behind a CR, which some clients never send */
#define SUPERD_TIMEOUT 10000            /* milliseconds for superd's answer */

static bool is_end(char byte)
{
	return byte == '\r' || byte == '\n' || byte == '\0';
}

/* The number of bytes that belong to the line: all of them if its end is missing. */
static size_t line_part(const char *bytes, size_t length)
{
	for (size_t n = 0; n < length; n++) {
		if (is_end(bytes[n]))
			return n + 1;
	}
	return length;
}

static bool has_ended(const char *line, size_t length)
{
	return length && is_end(line[length - 1]);
}

/* Consumes the LF behind a CR, and no other byte. */
static void read_line_feed(int connection, int64_t until)
{
	int64_t soon = clock_ms() + LF_TIMEOUT;
	char next;

	if (recv_deadline(connection, &next, 1, MSG_PEEK, soon < until ? soon : until) == 1 && next == '\n')
		recv(connection, &next, 1, MSG_DONTWAIT);
}

/* Cuts the line end off. false: the rest is no name. */
static bool cut_line_end(char *line, size_t length)
{
	line[--length] = '\0';
	for (size_t n = 0; n < length; n++) {
		if (line[n] <= ' ' || line[n] > '~')
			return false;
	}
	return length;
}

/* Consumes what was read with MSG_PEEK. */
static bool take_part(int connection, char *line, size_t part)
{
	ssize_t got;

	do
		got = recv(connection, line, part, MSG_DONTWAIT);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		builtin_log("cannot read the request of a client: %s", strerror(errno));
	return got == (ssize_t)part;
}

bool tcpmux_read_name(int connection, char name[MUX_NAME_MOST + 1], int64_t until)
{
	char line[MUX_NAME_MOST + 1];
	size_t length = 0;

	while (!has_ended(line, length)) {
		ssize_t got = recv_deadline(connection, line + length, sizeof(line) - length, MSG_PEEK, until);
		size_t part;

		if (got < 0 && (errno == ENOMEM || errno == ENOBUFS))
			builtin_log("cannot read the request of a client: %s", strerror(errno));
		if (got <= 0)
			return false;
		part = line_part(line + length, (size_t)got);
		if (!take_part(connection, line + length, part))
			return false;
		length += part;
		if (length == sizeof(line) && !has_ended(line, length))
			return false;
	}
	if (line[length - 1] == '\r')
		read_line_feed(connection, until);
	if (!cut_line_end(line, length))
		return false;
	memcpy(name, line, strlen(line) + 1);
	return true;
}

static int refuse_client(int connection, const char *text)
{
	send_deadline(connection, text, strlen(text), clock_ms() + 1000);
	shutdown_and_drain(connection);
	return 0;
}

/* Sends the names of all services: superd answers with a file of them. */
static int send_help(const struct settings *settings, int connection)
{
	int names;

	if (!channel_send(settings->channel, "help", 4)) {
		builtin_log("cannot send the request to superd: %s", strerror(errno));
		return 1;
	}
	names = channel_receive(settings->channel, SUPERD_TIMEOUT, NULL);
	if (names < 0) {
		builtin_log("superd does not send the names: %s", strerror(errno));
		return 1;
	}
	return listing_send(names, connection);
}

int tcpmux_stream(const struct settings *settings, int connection)
{
	char name[MUX_NAME_MOST + 1];

	if (settings->channel < 0) {
		builtin_log("tcpmux needs superd, which sends the names");
		return 1;
	}
	if (!tcpmux_read_name(connection, name, clock_ms() + TIMEOUT))
		return refuse_client(connection, "-Error reading service name\r\n");
	if (!strcasecmp(name, "help"))
		return send_help(settings, connection);
	if (channel_send(settings->channel, name, strlen(name)))
		return 0;
	builtin_log("cannot send superd the name: %s", strerror(errno));
	return refuse_client(connection, "-Service not available\r\n");
}
