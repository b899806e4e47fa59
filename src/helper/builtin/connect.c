/* Connects to a host before a deadline.
 *
 * The first of several addresses may not answer. Each gets an equal share of the time that is left, so that the last
 * one is still tried. */
#include "helper/builtin/connect.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "helper/builtin/builtin.h"
#include "helper/builtin/poll_deadline.h"
#include "helper/builtin/target.h"

#define FULL_QUEUE 10                   /* milliseconds until the next attempt, if the target's queue is full */

/* Waits until the connection is made or fails. false and errno: ECANCELED if the client has hung up. */
static bool await_connection(int fd, int client, int64_t until)
{
	struct pollfd both[] = { { fd, POLLOUT, 0 }, { client, 0, 0 } };
	int error = 0;
	socklen_t length = sizeof(error);

	while (!both[0].revents) {
		int64_t left = until - clock_ms();
		int ready = left > 0 ? poll(both, 2, (int)left) : 0;

		if (ready < 0 && errno == EINTR)
			continue;
		if (ready < 0)
			return false;
		if (ready == 0 || (both[1].revents && !both[0].revents)) {
			errno = ready ? ECANCELED : ETIMEDOUT;
			return false;
		}
	}
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) < 0)
		return false;
	errno = error;
	return !error;
}

static int try_address(const struct addrinfo *address, int client, int64_t until)
{
	int fd = socket(address->ai_family, address->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, address->ai_protocol);

	if (fd < 0)
		return -1;
	if (connect(fd, address->ai_addr, address->ai_addrlen) == 0 ||
	    (errno == EINPROGRESS && await_connection(fd, client, until)))
		return fd;
	fd_close(&fd);
	return -1;
}

static int try_addresses(const struct addrinfo *list, int client, int64_t until)
{
	int64_t left = 0;
	int fd = -1;

	for (const struct addrinfo *at = list; at; at = at->ai_next)
		left++;
	errno = EADDRNOTAVAIL;
	for (const struct addrinfo *at = list; at && fd < 0; at = at->ai_next, left--) {
		int64_t now = clock_ms();

		fd = try_address(at, client, now + (until - now) / left);
		if (fd < 0 && errno == ECANCELED)
			break;
	}
	return fd;
}

/* A unix socket whose queue is full accepts the connection later. */
static int connect_to_path(const char *path, int client, int64_t until)
{
	struct redirect_target target;
	struct pollfd gone = { client, 0, 0 };
	int fd = -1;

	target_init(&target, (const char *const[]){ path, NULL });
	errno = ENAMETOOLONG;
	if (!target_is_numeric(&target))
		builtin_log("cannot connect to %s: %s", path, strerror(errno));
	while (target.count && (fd = target_connect(&target, 0, SOCK_STREAM)) < 0) {
		if (errno == EAGAIN && clock_ms() < until && poll(&gone, 1, FULL_QUEUE) == 0)
			continue;
		builtin_log("cannot connect to %s: %s", path, strerror(errno));
		break;
	}
	return fd;
}

int connect_to(const char *host, const char *port, int client, int64_t until)
{
	const struct addrinfo wanted = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM };
	struct addrinfo *list = NULL;
	int error, fd;

	if (!port)
		return connect_to_path(host, client, until);
	error = getaddrinfo(host, port, &wanted, &list);
	if (error) {
		builtin_log("cannot find %s port %s: %s", host, port,
			    error == EAI_SYSTEM ? strerror(errno) : gai_strerror(error));
		return -1;
	}
	fd = try_addresses(list, client, until);
	if (fd < 0 && errno == ECANCELED)
		builtin_log("the client left before %s port %s answered", host, port);
	else if (fd < 0)
		builtin_log("cannot connect to %s port %s: %s", host, port, strerror(errno));
	freeaddrinfo(list);
	return fd;
}
