/* superctl's end of the control socket.
 *
 * The one hard thing is to wait for nobody forever who isn't meant to be waited for: a superd that is stopped still has
 * an open socket, whose queue may be full, so connecting and sending have their limits too. */
#include "cli/superctl/superctl_cable.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"

#define LINE_MOST ((size_t)64 << 20) /* of a top with every service of a large table */
#define READ_AT_ONCE ((size_t)64 << 10)

int64_t cable_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* connect(2) to a full queue waits as long as a send may. */
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

int cable_connect(struct cable *cable, const char *path, int64_t limit)
{
	*cable = (struct cable){ .fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0) };
	if (cable->fd < 0)
		return -1;
	if (connect_within(cable->fd, path, limit) < 0) {
		fd_close(&cable->fd);
		if (errno == EAGAIN)
			errno = ETIMEDOUT;
		return -1;
	}
	return 0;
}

#ifdef SO_PEERCRED
bool cable_peer(const struct cable *cable, unsigned long *uid)
{
	struct ucred peer;
	socklen_t length = sizeof(peer);

	if (getsockopt(cable->fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) < 0)
		return false;
	*uid = peer.uid;
	return true;
}
#else
bool cable_peer(const struct cable *cable, unsigned long *uid)
{
	(void)cable, (void)uid;
	return false;
}
#endif

int cable_send(struct cable *cable, const char *text, size_t length)
{
	while (length) {
		ssize_t sent = send(cable->fd, text, length, MSG_NOSIGNAL);

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

static bool make_room(struct cable *cable)
{
	size_t wanted = cable->length + READ_AT_ONCE + 1, capacity = cable->capacity;
	char *bigger;

	if (cable->start) {
		memmove(cable->data, cable->data + cable->start, cable->length);
		cable->start = 0;
	}
	if (wanted <= capacity)
		return true;
	while (capacity < wanted)
		capacity = capacity ? capacity * 2 : 2 * READ_AT_ONCE;
	bigger = realloc(cable->data, capacity);
	if (!bigger)
		return false;
	cable->data = bigger;
	cable->capacity = capacity;
	return true;
}

enum cable_result cable_fill(struct cable *cable)
{
	ssize_t got;

	if (cable->length > LINE_MOST)
		return CABLE_TOO_LONG;
	if (!make_room(cable))
		return CABLE_FAILED;
	got = recv(cable->fd, cable->data + cable->length, READ_AT_ONCE, MSG_DONTWAIT);
	if (got == 0)
		return CABLE_END;
	if (got < 0)
		return errno == EAGAIN || errno == EINTR ? CABLE_NONE : CABLE_FAILED;
	cable->length += (size_t)got;
	return CABLE_NONE;
}

enum cable_result cable_take_line(struct cable *cable, char **line, size_t *length)
{
	char *begin, *end;

	if (cable->length == cable->seen)
		return CABLE_NONE;
	begin = cable->data + cable->start;
	end = memchr(begin + cable->seen, '\n', cable->length - cable->seen);
	if (!end) {
		cable->seen = cable->length;
		return CABLE_NONE;
	}
	*end = '\0';
	*line = begin;
	*length = (size_t)(end - begin);
	cable->start += *length + 1;
	cable->length -= *length + 1;
	cable->seen = 0;
	return CABLE_LINE;
}

/* false: it is too late. */
static bool wait_readable(struct cable *cable, int64_t until)
{
	struct pollfd ready = { .fd = cable->fd, .events = POLLIN };
	int64_t left = -1;

	if (until != CABLE_FOREVER) {
		left = until - cable_now();
		if (left <= 0)
			return false;
		left = left > INT_MAX ? INT_MAX : left;
	}
	(void)poll(&ready, 1, (int)left);
	return true;
}

enum cable_result cable_wait_line(struct cable *cable, int64_t until, char **line, size_t *length)
{
	enum cable_result result = cable_take_line(cable, line, length);

	while (result == CABLE_NONE) {
		result = cable_fill(cable);
		if (result != CABLE_NONE)
			break;
		result = cable_take_line(cable, line, length);
		if (result == CABLE_NONE && !wait_readable(cable, until))
			result = CABLE_LATE;
	}
	return result;
}

void cable_close(struct cable *cable)
{
	fd_close(&cable->fd);
	free(cable->data);
	*cable = (struct cable){ .fd = -1 };
}
