/* superctl's end of the control socket: connects, sends a request, reads lines.
 *
 * A superd that is stopped (SIGSTOP) still has its socket, and its accept queue may be full. So connect(2) and send(2)
 * have a time limit, too: SO_SNDTIMEO (socket(7)). */
#include "superctl/transport.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/fd.h"

#define LINE_MOST ((size_t)64 << 20)    /* bytes of a line; a line of top names every busy service */
#define READ_AT_ONCE ((size_t)64 << 10) /* bytes of one recv(2) */

/* connect(2) to a socket whose accept queue is full waits for at most SO_SNDTIMEO, here `limit` milliseconds. */
static int connect_within(int fd, const char *path, int64_t limit)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct timeval time = { limit / 1000, (suseconds_t)(limit % 1000) * 1000 };
	socklen_t length = sizeof(address);

	if (strlen(path) >= sizeof(address.sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(address.sun_path, path, strlen(path));
	if (*path == '@') {
		address.sun_path[0] = '\0';
		length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path));
	}
	if (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &time, sizeof(time)) < 0)
		return -1;
	return connect(fd, (const struct sockaddr *)&address, length);
}

int transport_connect(struct transport *transport, const char *path, int64_t limit)
{
	*transport = (struct transport){ .fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0) };
	if (transport->fd < 0)
		return -1;
	if (connect_within(transport->fd, path, limit) < 0) {
		fd_close(&transport->fd);
		if (errno == EAGAIN)
			errno = ETIMEDOUT;
		return -1;
	}
	return 0;
}

void transport_adopt(struct transport *transport, int fd)
{
	*transport = (struct transport){ .fd = fd };
}

bool transport_peer(const struct transport *transport, unsigned long *uid)
{
	struct ucred peer;
	socklen_t length = sizeof(peer);

	if (getsockopt(transport->fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) < 0)
		return false;
	*uid = peer.uid;
	return true;
}

int transport_send(struct transport *transport, const char *text, size_t length)
{
	while (length) {
		ssize_t sent = send(transport->fd, text, length, MSG_NOSIGNAL);

		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0) {
			errno = errno == EAGAIN ? ETIMEDOUT : errno;
			return -1;
		}
		text += sent;
		length -= (size_t)sent;
	}
	return 0;
}

static bool grow_buffer(struct transport *transport)
{
	size_t wanted = transport->length + READ_AT_ONCE + 1, capacity = transport->capacity;
	char *bigger;

	if (transport->start) {
		memmove(transport->data, transport->data + transport->start, transport->length);
		transport->start = 0;
	}
	if (wanted <= capacity)
		return true;
	while (capacity < wanted)
		capacity = capacity ? capacity * 2 : 2 * READ_AT_ONCE;
	bigger = realloc(transport->data, capacity);
	if (!bigger)
		return false;
	transport->data = bigger;
	transport->capacity = capacity;
	return true;
}

/* Reads the available data, without waiting. TRANSPORT_NONE: the connection is still open. */
static enum transport_result fill(struct transport *transport)
{
	ssize_t got;

	if (transport->length > LINE_MOST)
		return TRANSPORT_TOO_LONG;
	if (!grow_buffer(transport))
		return TRANSPORT_FAILED;
	got = recv(transport->fd, transport->data + transport->length, READ_AT_ONCE, MSG_DONTWAIT);
	if (got == 0)
		return TRANSPORT_END;
	if (got < 0)
		return errno == EAGAIN || errno == EINTR ? TRANSPORT_NONE : TRANSPORT_FAILED;
	transport->length += (size_t)got;
	return TRANSPORT_NONE;
}

/* Takes the next line from the data read so far, without waiting: TRANSPORT_LINE or TRANSPORT_NONE. */
static enum transport_result take_line(struct transport *transport, char **line, size_t *length)
{
	char *begin, *end;

	if (transport->length == transport->scanned)
		return TRANSPORT_NONE;
	begin = transport->data + transport->start;
	end = memchr(begin + transport->scanned, '\n', transport->length - transport->scanned);
	if (!end) {
		transport->scanned = transport->length;
		return TRANSPORT_NONE;
	}
	*end = '\0';
	*line = begin;
	*length = (size_t)(end - begin);
	transport->start += *length + 1;
	transport->length -= *length + 1;
	transport->scanned = 0;
	return TRANSPORT_LINE;
}

/* Waits for input. false: the time `until` has passed. */
static bool wait_readable(struct transport *transport, int64_t until)
{
	struct pollfd ready = { .fd = transport->fd, .events = POLLIN };
	int64_t left = -1;

	if (until != TRANSPORT_FOREVER) {
		left = until - clock_ms();
		if (left <= 0)
			return false;
		left = left > INT_MAX ? INT_MAX : left;
	}
	(void)poll(&ready, 1, (int)left);
	return true;
}

enum transport_result transport_wait_line(struct transport *transport, int64_t until, char **line, size_t *length)
{
	enum transport_result result = take_line(transport, line, length);

	while (result == TRANSPORT_NONE) {
		result = fill(transport);
		if (result != TRANSPORT_NONE)
			break;
		result = take_line(transport, line, length);
		if (result == TRANSPORT_NONE && !wait_readable(transport, until))
			result = TRANSPORT_LATE;
	}
	return result;
}

void transport_close(struct transport *transport)
{
	fd_close(&transport->fd);
	free(transport->data);
	*transport = (struct transport){ .fd = -1 };
}
