/* The ident server (RFC 1413): reads a line with two ports, and answers it with a line.
 *
 * A client learns only about connections between the two addresses of its own connection. */
#include "builtin/auth.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include "builtin/poll_deadline.h"
#include "builtin/services.h"
#include "lib/clock.h"
#include "lib/scan.h"

#define LINE_MOST 1000                  /* bytes of a request (RFC 1413, section 6) */

/* Reads the request. Returns its length without the line end; -1: it is too long, ended early or took too long. */
static ssize_t read_line(int connection, char line[LINE_MOST], int64_t until)
{
	size_t length = 0;

	while (length < LINE_MOST) {
		ssize_t got = recv_deadline(connection, line + length, LINE_MOST - length, 0, until);
		char *newline;

		if (got <= 0)
			return -1;
		newline = memchr(line + length, '\n', (size_t)got);
		length += (size_t)got;
		if (!newline)
			continue;
		if (newline > line && newline[-1] == '\r')
			newline--;
		return newline - line;
	}
	return -1;
}

static const char *skip_blanks(const char *at, const char *end)
{
	while (at < end && scan_is_blank(*at))
		at++;
	return at;
}

/* Returns the end of the number; NULL: there is none. A number that is no port becomes 0. */
static const char *read_port(const char *at, const char *end, unsigned *port)
{
	const char *first = at;
	unsigned number = 0;

	for (; at < end && *at >= '0' && *at <= '9'; at++)
		number = number > 65535 ? number : number * 10 + (unsigned)(*at - '0');
	*port = number > 65535 ? 0 : number;
	return at == first ? NULL : at;
}

bool auth_parse(const char *line, size_t length, struct port_pair *ports)
{
	const char *end = line + length, *at = read_port(skip_blanks(line, end), end, &ports->local);

	if (!at)
		return false;
	at = skip_blanks(at, end);
	if (at == end || *at != ',')
		return false;
	at = read_port(skip_blanks(at + 1, end), end, &ports->remote);
	return at && skip_blanks(at, end) == end;
}

static void set_port(struct sockaddr_storage *address, unsigned port)
{
	if (address->ss_family == AF_INET)
		((struct sockaddr_in *)address)->sin_port = htons((in_port_t)port);
	else if (address->ss_family == AF_INET6)
		((struct sockaddr_in6 *)address)->sin6_port = htons((in_port_t)port);
}

/* Finds the ends of the connection in question: the addresses of this one, with the ports of the request. */
static bool find_connection(int connection, const struct port_pair *ports, struct both_ends *ends)
{
	socklen_t length = sizeof(ends->local);

	if (getsockname(connection, (struct sockaddr *)&ends->local, &length) < 0)
		return false;
	length = sizeof(ends->remote);
	if (getpeername(connection, (struct sockaddr *)&ends->remote, &length) < 0)
		return false;
	set_port(&ends->local, ports->local);
	set_port(&ends->remote, ports->remote);
	return true;
}

/* Chooses the reply. NULL: it is `name`; else RFC 1413's word for the error. */
static const char *choose_reply(const struct builtin_options *options, int connection, const struct port_pair *ports,
				char *name, size_t size)
{
	enum named named = NAMED_NOT;
	struct both_ends ends = { 0 };
	uid_t owner;

	if (!ports->local || !ports->remote)
		return "INVALID-PORT";
	if (options->random) {
		auth_random_name(name, size);
		return NULL;
	}
	if (options->real && find_connection(connection, ports, &ends) && auth_find_owner(&ends, &owner))
		named = auth_name(options, owner, name, size);
	if (named == NAMED)
		return NULL;
	if (named == NAMED_HIDDEN || (!options->real && !options->fallback))
		return "HIDDEN-USER";
	if (!options->fallback)
		return "NO-USER";
	snprintf(name, size, "%s", options->fallback);
	return NULL;
}

static const char *system_name(const struct builtin_options *options, struct utsname *names)
{
	if (options->system)
		return options->system;
	return uname(names) < 0 ? "OTHER" : names->sysname;
}

int auth_stream(const struct settings *settings, int connection)
{
	const struct builtin_options *options = &settings->options;
	int64_t until = clock_ms() + options->timeout / 1000;
	char line[LINE_MOST], name[128], reply[512];
	ssize_t length = read_line(connection, line, until);
	struct port_pair ports = { 0 };
	struct utsname names;
	const char *error;

	if (length < 0)
		return 0;
	if (!auth_parse(line, (size_t)length, &ports))
		error = "UNKNOWN-ERROR";
	else
		error = choose_reply(options, connection, &ports, name, sizeof(name));
	if (error)
		snprintf(reply, sizeof(reply), "%u , %u : ERROR : %s\r\n", ports.local, ports.remote, error);
	else
		snprintf(reply, sizeof(reply), "%u , %u : USERID : %s : %s\r\n", ports.local, ports.remote,
			 system_name(options, &names), name);
	send_deadline(connection, reply, strlen(reply), until);
	shutdown_and_drain(connection);
	return 0;
}
