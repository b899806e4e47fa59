/* Asks the ident server of a client's host for the user of the connection.
 *
 * The server may be slow, silent or send without end. One deadline covers connecting, question and answer, and
 * ident_ask reads no more than IDENT_REPLY_MOST bytes. RFC 1413 wants the question to come from the address that
 * the client is connected to. */
#include "helper/ask/ident.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/fd.h"
#include "os/netdiag/socket_address.h"

#define IDENT_PORT 113

struct question {
	struct socket_address theirs, ours;
	int64_t until;                  /* of clock_ms */
	int fd;
};

static int milliseconds_left(const struct question *question)
{
	int64_t left = question->until - clock_ms();

	return left > 0 ? (int)left : 0;
}

/* Waits for events. false and errno: the time is over (ETIMEDOUT), or poll(2) failed. */
static bool wait_for(const struct question *question, short events)
{
	struct pollfd state = { .fd = question->fd, .events = events };
	int ready;

	do
		ready = poll(&state, 1, milliseconds_left(question));
	while (ready < 0 && errno == EINTR);
	if (ready == 0)
		errno = ETIMEDOUT;
	return ready > 0;
}

static bool find_ends(int fd, struct question *question)
{
	question->theirs.length = question->ours.length = sizeof(question->theirs.storage);
	if (getpeername(fd, &question->theirs.any, &question->theirs.length) < 0 ||
	    getsockname(fd, &question->ours.any, &question->ours.length) < 0)
		return false;
	socket_address_unmap(&question->theirs);
	socket_address_unmap(&question->ours);
	if (question->theirs.any.sa_family == AF_INET || question->theirs.any.sa_family == AF_INET6)
		return true;
	errno = EAFNOSUPPORT;
	return false;
}

static void set_port(struct socket_address *address, unsigned port)
{
	if (address->any.sa_family == AF_INET)
		address->in.sin_port = htons((uint16_t)port);
	else
		address->in6.sin6_port = htons((uint16_t)port);
}

static bool reach_server(struct question *question)
{
	struct socket_address server = question->theirs, from = question->ours;
	socklen_t length = sizeof(int);
	int error = 0;

	set_port(&server, IDENT_PORT);
	set_port(&from, 0);
	question->fd = socket(server.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (question->fd < 0 || bind(question->fd, &from.any, from.length) < 0)
		return false;
	if (connect(question->fd, &server.any, server.length) == 0)
		return true;
	if (errno != EINPROGRESS || !wait_for(question, POLLOUT) ||
	    getsockopt(question->fd, SOL_SOCKET, SO_ERROR, &error, &length) < 0)
		return false;
	errno = error;
	return !error;
}

/* A new connection has room for these few bytes; a short write means that it is broken. */
static bool put_question(const struct question *question)
{
	char text[32];
	int length = snprintf(text, sizeof(text), "%d , %d\r\n", socket_address_port(&question->theirs),
			      socket_address_port(&question->ours));

	return send(question->fd, text, (size_t)length, MSG_NOSIGNAL) == length;
}

/* Reads the answer until its line or the connection ends. Returns its length in bytes, or -1 and errno. */
static ssize_t hear_answer(const struct question *question, char *bytes, size_t size)
{
	size_t length = 0;
	ssize_t got;

	while (length < size && !ident_reply_is_whole(bytes, length)) {
		if (!wait_for(question, POLLIN))
			return -1;
		got = recv(question->fd, bytes + length, size - length, 0);
		if (got == 0)
			break;
		if (got < 0 && errno != EAGAIN && errno != EINTR)
			return -1;
		length += got > 0 ? (size_t)got : 0;
	}
	return (ssize_t)length;
}

static void say_error(const char *step, struct ident_reply *reply)
{
	*reply = (struct ident_reply){ .known = false };
	snprintf(reply->text, sizeof(reply->text), "%s: %s", step, strerror(errno));
}

void ident_ask(int fd, int seconds, struct ident_reply *reply)
{
	struct question question = { .fd = -1, .until = clock_ms() + seconds * INT64_C(1000) };
	char bytes[IDENT_REPLY_MOST];
	ssize_t length;

	if (!find_ends(fd, &question)) {
		say_error("no address to ask", reply);
	} else if (!reach_server(&question) || !put_question(&question)) {
		say_error("cannot reach the ident server", reply);
	} else {
		length = hear_answer(&question, bytes, sizeof(bytes));
		if (length < 0)
			say_error("no answer of the ident server", reply);
		else
			ident_reply_read(bytes, (size_t)length, (unsigned)socket_address_port(&question.theirs),
					 (unsigned)socket_address_port(&question.ours), reply);
	}
	fd_close(&question.fd);
}
