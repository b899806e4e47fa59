/* The ident server (RFC 1413): reads a line with two ports, and answers it with a line.
 *
 * A client learns only about connections between the two addresses of its own connection. */
#include "builtin/auth.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include "builtin/connection.h"
#include "builtin/services.h"
#include "builtin/sigterm.h"
#include "lib/clock.h"
#include "lib/scan.h"

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

enum heard auth_answer(const struct settings *settings, int connection, const struct buf *request, struct buf *answer)
{
	const struct builtin_options *options = &settings->options;
	const char *line = buf_string(request), *end = memchr(line, '\n', request->length), *error;
	struct port_pair ports = { 0 };
	struct utsname names;
	char name[128];

	if (!end)
		return request->length < LINE_MOST ? HEARD_PART : HEARD_WRONG;
	if (end > line && end[-1] == '\r')
		end--;
	if (!auth_parse(line, (size_t)(end - line), &ports))
		error = "UNKNOWN-ERROR";
	else
		error = choose_reply(options, connection, &ports, name, sizeof(name));
	if (error)
		buf_addf(answer, "%u , %u : ERROR : %s\r\n", ports.local, ports.remote, error);
	else
		buf_addf(answer, "%u , %u : USERID : %s : %s\r\n", ports.local, ports.remote,
			 system_name(options, &names), name);
	return HEARD_ALL;
}

/* With -r the process has this client alone, as users' names may be looked up for long. A signal may end it then. */
void auth_begin(struct builtin_server *server, struct connection *connection)
{
	if (server->settings->options.real)
		sigterm_deliver();
	talk_begin(server, connection, connection->since + server->settings->options.timeout / 1000);
}

/* A client that is late, or says too much, gets no answer. */
void auth_heard(struct builtin_server *server, struct connection *connection, bool late)
{
	struct talk *talk = connection->talk;
	enum heard heard = late ? HEARD_WRONG : HEARD_PART;

	while (heard == HEARD_PART) {
		ssize_t got = talk_read(connection, LINE_MOST);

		if (got < 0 && errno == EAGAIN)
			return;
		heard = got <= 0 ? HEARD_WRONG : auth_answer(server->settings, connection->client.fd, &talk->request,
							     &talk->answer);
	}
	if (heard == HEARD_ALL)
		talk_answer(server, connection, connection->until);
	else
		connection_end(server, connection, false);
}
