/* Each step has a limit of time, as any client may connect and then stand still. */
#include "cli/superctl/http_connection.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"

/* Milliseconds. */
#define REQUEST_LIMIT 10000 /* until the HTTP request is complete */
#define ANSWER_LIMIT 10000  /* until the response is sent */
#define LINGER 1000         /* reading after the response */

#define LINGER_MOST 65536   /* bytes that are read after the response */

bool http_begin(void)
{
	return fd_set_nonblocking(STDIN_FILENO, true) == 0 && fd_set_nonblocking(STDOUT_FILENO, true) == 0;
}

/* Waits for events on a descriptor. false: the time `until` has passed. */
static bool wait_for_events(int fd, short events, int64_t until)
{
	struct pollfd ready = { .fd = fd, .events = events };
	int64_t left = until - clock_ms();

	if (left <= 0)
		return false;
	(void)poll(&ready, 1, left > INT_MAX ? INT_MAX : (int)left);
	return true;
}

int http_read_head(char text[static HTTP_REQUEST_MOST + 1], size_t *length)
{
	int64_t until = clock_ms() + REQUEST_LIMIT;

	for (*length = 0; !http_is_whole(text, *length);) {
		ssize_t got;

		if (*length == HTTP_REQUEST_MOST)
			return 431;
		if (!wait_for_events(STDIN_FILENO, POLLIN, until))
			return *length ? 408 : -1;
		got = read(STDIN_FILENO, text + *length, HTTP_REQUEST_MOST - *length);
		if (got < 0 && (errno == EAGAIN || errno == EINTR))
			continue;
		if (got <= 0)
			return *length ? 400 : -1;
		*length += (size_t)got;
	}
	return 0;
}

bool http_write(const char *text, size_t length)
{
	int64_t until = clock_ms() + ANSWER_LIMIT;

	while (length) {
		ssize_t written = write(STDOUT_FILENO, text, length);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0 && (errno != EAGAIN || !wait_for_events(STDOUT_FILENO, POLLOUT, until)))
			return false;
		if (written > 0) {
			text += written;
			length -= (size_t)written;
		}
	}
	return true;
}

/* A browser reaches a unix socket only through a proxy, which has its own rules for Host. */
bool http_is_for_host(const char *text, size_t length, const char *const *names)
{
	struct sockaddr_storage own = { 0 };
	socklen_t size = sizeof(own);

	if (getsockname(STDIN_FILENO, (struct sockaddr *)&own, &size) == 0 && own.ss_family == AF_UNIX)
		return true;
	return http_host_is_own(text, length, names);
}

void http_add_reason(struct buf *body, int status)
{
	buf_addf(body, "%s\n%s", http_reason(status),
		 status != 421 ? "" : "Use the address, localhost, or a host name that builtin lists.\n");
}

void http_read_until_close(void)
{
	int64_t until = clock_ms() + LINGER;
	char rest[4096];
	size_t sum = 0;

	if (shutdown(STDOUT_FILENO, SHUT_WR) < 0)
		return;
	while (sum < LINGER_MOST && wait_for_events(STDIN_FILENO, POLLIN, until)) {
		ssize_t got = read(STDIN_FILENO, rest, sizeof(rest));

		if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR))
			return;
		sum += got > 0 ? (size_t)got : 0;
	}
}
