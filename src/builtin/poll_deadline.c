/* Sends and receives on a connection until a deadline.
 *
 * O_NONBLOCK belongs to the open file description, which other processes may share. So these functions neither rely on
 * it nor change it: each call passes MSG_DONTWAIT. */
#include "builtin/poll_deadline.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <sys/socket.h>

#include "lib/clock.h"

#define DRAIN_TURNS 16                  /* calls of recv(2) in shutdown_and_drain */

bool poll_deadline(int fd, short events, int64_t until)
{
	struct pollfd one = { fd, events, 0 };
	int64_t left;
	int ready;

	do {
		left = until - clock_ms();
		left = left < 0 ? 0 : left > INT_MAX ? INT_MAX : left;
		ready = poll(&one, 1, (int)left);
	} while (ready < 0 && errno == EINTR);
	return ready > 0;
}

/* Whether to try again after a call has failed; waits for the events if it would have blocked. */
static bool may_wait(int fd, short events, int64_t until)
{
	if (errno == EINTR)
		return true;
	if (errno != EAGAIN)
		return false;
	if (poll_deadline(fd, events, until))
		return true;
	errno = ETIMEDOUT;
	return false;
}

ssize_t recv_deadline(int fd, void *to, size_t size, int flags, int64_t until)
{
	ssize_t got;

	do
		got = recv(fd, to, size, flags | MSG_DONTWAIT);
	while (got < 0 && may_wait(fd, POLLIN, until));
	return got;
}

bool send_deadline(int fd, const void *bytes, size_t length, int64_t until)
{
	const char *at = bytes;

	while (length) {
		ssize_t sent = send(fd, at, length, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (sent < 0 && !may_wait(fd, POLLOUT, until))
			return false;
		if (sent > 0) {
			at += sent;
			length -= (size_t)sent;
		}
	}
	return true;
}

void shutdown_and_drain(int fd)
{
	char rest[4096];

	shutdown(fd, SHUT_WR);
	for (int n = 0; n < DRAIN_TURNS && recv(fd, rest, sizeof(rest), MSG_DONTWAIT) > 0; n++)
		continue;
}
