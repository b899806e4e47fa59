/* Asks the ident server of a client's host for the user of the connection (RFC 1413).
 *
 * A stranger wrote every byte of the reply, and it goes into superd's log. So only visible ASCII and blanks of it do.
 *
 * The server may be slow, silent or send without end. One deadline covers connecting, query and reply, and ident_ask
 * reads no more than IDENT_REPLY_MOST bytes. The query must come from the address that the client is connected to. */
#include "lookup/lookup.h"

#define IDENT_PORT 113

struct ident_query {
	struct socket_address theirs, ours;     /* both ends of the client's connection */
	int64_t until;                  /* deadline, of clock_ms */
	int fd;                         /* connection to the ident server, owned; -1: none */
};

/* Waits for events. false and errno: the time is over (ETIMEDOUT), or poll(2) failed. */
static bool wait_for_server(const struct ident_query *query, short events)
{
	struct pollfd state = { .fd = query->fd, .events = events };
	int ready;

	do {
		int64_t left = query->until - clock_ms();

		ready = poll(&state, 1, left > 0 ? (int)left : 0);
	} while (ready < 0 && errno == EINTR);
	if (ready == 0)
		errno = ETIMEDOUT;
	return ready > 0;
}

static void set_ident_port(struct socket_address *address, unsigned port)
{
	if (address->any.sa_family == AF_INET)
		address->in.sin_port = htons((uint16_t)port);
	else
		address->in6.sin6_port = htons((uint16_t)port);
}

static bool connect_to_server(struct ident_query *query)
{
	struct socket_address server = query->theirs, from = query->ours;
	socklen_t length = sizeof(int);
	int error = 0;

	set_ident_port(&server, IDENT_PORT);
	set_ident_port(&from, 0);
	query->fd = socket(server.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (query->fd < 0 || bind(query->fd, &from.any, from.length) < 0)
		return false;
	if (connect(query->fd, &server.any, server.length) == 0)
		return true;
	if (errno != EINPROGRESS || !wait_for_server(query, POLLOUT) ||
	    getsockopt(query->fd, SOL_SOCKET, SO_ERROR, &error, &length) < 0)
		return false;
	errno = error;
	return !error;
}

/* A new connection has room for these few bytes. A short write means that it is broken. */
static bool send_query(const struct ident_query *query)
{
	char text[32];
	int length = snprintf(text, sizeof(text), "%d , %d\r\n", socket_address_port(&query->theirs),
			      socket_address_port(&query->ours));

	return send(query->fd, text, (size_t)length, MSG_NOSIGNAL) == length;
}

/* Reads the reply until its line or the connection ends. Returns its length in bytes, or -1 and errno. */
static ssize_t receive_reply(const struct ident_query *query, char *bytes, size_t size)
{
	size_t length = 0;
	ssize_t got;

	while (length < size && !ident_reply_is_whole(bytes, length)) {
		if (!wait_for_server(query, POLLIN))
			return -1;
		got = recv(query->fd, bytes + length, size - length, 0);
		if (got == 0)
			break;
		if (got < 0 && errno != EAGAIN && errno != EINTR)
			return -1;
		length += got > 0 ? (size_t)got : 0;
	}
	return (ssize_t)length;
}

static void copy_visible(const char *text, struct ident_reply *reply)
{
	size_t length = 0;

	for (; text[length] && length < sizeof(reply->text) - 1; length++)
		reply->text[length] = (char)(text[length] >= ' ' && text[length] < 0x7f ? text[length] : '?');
	while (length && reply->text[length - 1] == ' ')
		length--;
	reply->text[length] = '\0';
}

bool ident_reply_is_whole(const char *bytes, size_t length)
{
	return length >= IDENT_REPLY_MOST || memchr(bytes, '\n', length) || memchr(bytes, '\r', length);
}

/* "PORT , PORT : USERID : SYSTEM : USER", where the user may have blanks and colons, or "PORT , PORT : ERROR : REASON".
 * Servers differ in blanks, case and line ends. */
void ident_reply_read(const char *bytes, size_t length, unsigned theirs, unsigned ours, struct ident_reply *reply)
{
	char line[IDENT_REPLY_MOST + 1], kind[8];
	const char *user, *text;
	unsigned ports[2];
	int behind = 0;

	*reply = (struct ident_reply){ .known = false };
	length = length < IDENT_REPLY_MOST ? length : IDENT_REPLY_MOST;
	memcpy(line, bytes, length);
	line[length] = '\0';
	line[strcspn(line, "\r\n")] = '\0';
	if (strlen(line) == IDENT_REPLY_MOST) {
		text = "the ident server's answer is too long";
	} else if (sscanf(line, " %5u , %5u : %7[A-Za-z] : %n", &ports[0], &ports[1], kind, &behind) < 3 || !behind) {
		text = *line ? "the ident server's answer is none" : "the ident server sent nothing";
	} else if (ports[0] != theirs || ports[1] != ours) {
		text = "the ident server's answer is about other ports";
	} else {
		text = line + behind;
		user = strcasecmp(kind, "USERID") ? NULL : strchr(text, ':');
		reply->known = user && user[1 + strspn(user + 1, " \t")];
		if (!reply->known && (strcasecmp(kind, "ERROR") != 0 || !*text))
			text = "the ident server's answer names no user";
	}
	copy_visible(text, reply);
}

static void set_error_reply(const char *step, struct ident_reply *reply)
{
	*reply = (struct ident_reply){ .known = false };
	snprintf(reply->text, sizeof(reply->text), "%s: %s", step, strerror(errno));
}

void ident_ask(int fd, int seconds, struct ident_reply *reply)
{
	struct ident_query query = { .fd = -1, .until = clock_ms() + seconds * INT64_C(1000) };
	char bytes[IDENT_REPLY_MOST];
	ssize_t length;

	if (!lookup_address(getpeername, fd, &query.theirs) || !lookup_address(getsockname, fd, &query.ours)) {
		set_error_reply("no address to query", reply);
	} else if (!connect_to_server(&query) || !send_query(&query)) {
		set_error_reply("cannot reach the ident server", reply);
	} else {
		length = receive_reply(&query, bytes, sizeof(bytes));
		if (length < 0)
			set_error_reply("no answer of the ident server", reply);
		else
			ident_reply_read(bytes, (size_t)length, (unsigned)socket_address_port(&query.theirs),
					 (unsigned)socket_address_port(&query.ours), reply);
	}
	fd_close(&query.fd);
}
