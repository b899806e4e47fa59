/* How the tests' backends find their sockets. Nothing here trusts superd: LISTEN_PID is compared, a count out of
 * range is an end with status 99, so a test sees it instead of a backend that serves something else. */
#include "passed.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

void passed_find(struct passed *passed)
{
	const char *pid = getenv("LISTEN_PID"), *fds = getenv("LISTEN_FDS");

	passed->count = 0;
	passed->by_environment = pid && fds && strtol(pid, NULL, 10) == getpid();
	if (passed->by_environment) {
		long count = strtol(fds, NULL, 10);

		if (count < 1 || count > PASSED_MOST)
			exit(99);
		for (int i = 0; i < count; i++)
			passed->fds[passed->count++] = PASSED_FIRST + i;
	} else if (passed_socket_type(STDIN_FILENO) >= 0) {
		passed->fds[passed->count++] = STDIN_FILENO;
	}
}

bool passed_listens(int fd)
{
	int listens = 0;
	socklen_t size = sizeof(listens);

	return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) == 0 && listens;
}

int passed_socket_type(int fd)
{
	int type = -1;
	socklen_t size = sizeof(type);

	return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) < 0 ? -1 : type;
}

int passed_wait(const struct passed *passed, int milliseconds)
{
	static int turn;                /* else a busy one would keep the others waiting */
	struct pollfd polled[PASSED_MOST];
	int ready;

	for (int i = 0; i < passed->count; i++)
		polled[i] = (struct pollfd){ .fd = passed->fds[i], .events = POLLIN };
	do
		ready = poll(polled, (nfds_t)passed->count, milliseconds);
	while (ready < 0 && errno == EINTR);
	for (int i = 0; ready > 0 && i < passed->count; i++) {
		int at = (turn + i) % passed->count;

		if (polled[at].revents) {
			turn = at + 1;
			return polled[at].fd;
		}
	}
	return -1;
}
