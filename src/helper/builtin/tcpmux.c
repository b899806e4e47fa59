/* The beginning of a tcpmux connection; from the name on superd goes on with its own copy of it. The hard thing is to
 * leave in the connection what stands behind the line, in whatever pieces it comes: so it is looked at first, and
 * only what belongs to the line is taken. A CR alone may end it, as for the inetds of the BSDs; so a LF behind it is
 * waited for, but not for long. */
#include "helper/builtin/tcpmux.h"

#include <errno.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "helper/builtin/channel.h"
#include "helper/builtin/listing.h"
#include "helper/builtin/poll_deadline.h"

#define TIMEOUT 30000                   /* milliseconds for the line */
#define LF_TIMEOUT 200                  /* for a LF behind a CR: some clients never send one */
#define ANSWER 10000                    /* for superd's answer */

static bool is_end(char byte)
{
	return byte == '\r' || byte == '\n' || byte == '\0';
}

/* How much of what came belongs to the line: all of it while its end is missing. */
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

/* Behind a CR: takes the LF that belongs to it, and nothing else. */
static void take_line_feed(int connection, int64_t until)
{
	int64_t soon = clock_ms() + LF_TIMEOUT;
	char next;

	if (recv_deadline(connection, &next, 1, MSG_PEEK, soon < until ? soon : until) == 1 && next == '\n')
		recv(connection, &next, 1, MSG_DONTWAIT);
}

/* Cuts the end off; false: what is left is no name. */
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
