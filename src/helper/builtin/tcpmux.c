/* The beginning of a tcpmux connection: reads the name and sends it to superd, which goes on with its own copy of
 * the connection.
 *
 * The bytes behind the line belong to the service. So the line is read with MSG_PEEK first, and only its own bytes
 * are taken, in however many pieces they come. As with the BSDs' inetds a CR alone may end the line; a LF behind it
 * is waited for, but not for long. */
#include "helper/builtin/tcpmux.h"

#include <errno.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "helper/builtin/channel.h"
#include "helper/builtin/listing.h"
#include "helper/builtin/poll_deadline.h"

#define TIMEOUT 30000                   /* milliseconds for the line */
#define LF_TIMEOUT 200                  /* milliseconds for a LF behind a CR: some clients never send one */
#define ANSWER 10000                    /* milliseconds for superd's answer */

static bool is_end(char byte)
{
	return byte == '\r' || byte == '\n' || byte == '\0';
}

/* The number of bytes that belong to the line: all of them while its end is missing. */
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

/* Takes the LF behind a CR, and nothing else. */
static void take_line_feed(int connection, int64_t until)
{
	int64_t soon = clock_ms() + LF_TIMEOUT;
	char next;

	if (recv_deadline(connection, &next, 1, MSG_PEEK, soon < until ? soon : until) == 1 && next == '\n')
		recv(connection, &next, 1, MSG_DONTWAIT);
}

/* Cuts the line end off. false: the rest is not a name. */
static bool take_name(char *line, size_t length)
{
	line[--length] = '\0';
	for (size_t n = 0; n < length; n++) {
		if (line[n] <= ' ' || line[n] > '~')
			return false;
	}
	return length;
}

bool tcpmux_read_name(int connection, char name[MUX_NAME_MOST + 1], int64_t until)
{
	char line[MUX_NAME_MOST + 1];
	size_t length = 0;

	while (!has_ended(line, length)) {
		ssize_t got = recv_deadline(connection, line + length, sizeof(line) - length, MSG_PEEK, until);
		size_t part;

		if (got <= 0)
			return false;
		part = line_part(line + length, (size_t)got);
		if (recv(connection, line + length, part, MSG_DONTWAIT) != (ssize_t)part)
			return false;
		length += part;
		if (length == sizeof(line) && !has_ended(line, length))
			return false;
	}
	if (line[length - 1] == '\r')
		take_line_feed(connection, until);
	if (!take_name(line, length))
		return false;
	memcpy(name, line, strlen(line) + 1);
	return true;
}

static int refuse(int connection, const char *text)
{
	send_deadline(connection, text, strlen(text), clock_ms() + 1000);
	shutdown_and_drain(connection);
	return 0;
}

/* superd answers with a file of the names. */
static int help(const struct settings *settings, int connection)
{
	int names;

	if (!channel_send(settings->channel, "help", 4)) {
		say("cannot ask superd: %s", strerror(errno));
		return 1;
	}
	names = channel_receive(settings->channel, ANSWER);
	if (names < 0) {
		say("superd does not tell the names: %s", strerror(errno));
		return 1;
	}
	return listing_send(names, connection);
}

int tcpmux_converse(const struct settings *settings, int connection)
{
	char name[MUX_NAME_MOST + 1];

	if (settings->channel < 0) {
		say("tcpmux needs superd: it says what a client may ask for");
		return 1;
	}
	if (!tcpmux_read_name(connection, name, clock_ms() + TIMEOUT))
		return refuse(connection, "-Error reading service name\r\n");
	if (!strcasecmp(name, "help"))
		return help(settings, connection);
	if (channel_send(settings->channel, name, strlen(name)))
		return 0;
	say("cannot tell superd the name: %s", strerror(errno));
	return refuse(connection, "-Service not available\r\n");
}
