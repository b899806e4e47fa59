/* Serves listeners (accept = no) and datagrams.
 *
 * superd starts superd-builtin again for the next client. So it exits after IDLE without clients, but not while a
 * child serves one. */
#include "helper/builtin/sockets.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "helper/builtin/datagram.h"
#include "helper/builtin/pktinfo.h"

#define IDLE 5000                       /* milliseconds without a client, then the process ends */
#define CHILDREN_MOST 1000
#define LOOK_AGAIN 250                  /* milliseconds until the next try, if processes or descriptors run out */

struct sockets {
	const struct settings *settings;
	struct datagrams *datagrams;    /* NULL: there are none */
	struct pollfd *list;
	size_t count;
	size_t children;
	int accepted;                   /* a connection that has no process yet; -1: none */
	bool resting;                   /* true: no process or descriptor for the next connection */
};

static int option(int fd, int name)
{
	int value = -1;
	socklen_t length = sizeof(value);

	return getsockopt(fd, SOL_SOCKET, name, &value, &length) < 0 ? -1 : value;
}

bool socket_is_connection(int fd)
{
	return option(fd, SO_TYPE) != SOCK_DGRAM && option(fd, SO_ACCEPTCONN) == 0;
}

static void close_all(const struct sockets *sockets)
{
	for (size_t n = 0; n < sockets->count; n++)
		close(sockets->list[n].fd);
}

static void serve_child(const struct sockets *sockets, int connection)
{
	close_all(sockets);
	_exit(sockets->settings->builtin->converse(sockets->settings, connection));
}

/* Checks a client by only_from and no_access, in case the socket has no filter in the kernel. */
static bool may_come(const struct sockets *sockets, const struct sender *client)
{
	unsigned char bytes[16];
	bool has_address = sender_bytes(client, bytes);

	return access_judge(sockets->settings->access, has_address ? bytes : NULL) == ACCESS_PERMITTED;
}

/* Forks a child for the accepted connection. If fork(2) fails, serve() tries again after LOOK_AGAIN. */
static void serve_accepted(struct sockets *sockets)
{
	pid_t pid;

	if (sockets->accepted < 0)
		return;
	pid = fork();
	if (pid == 0)
		serve_child(sockets, sockets->accepted);
	sockets->resting = pid < 0;
	if (pid < 0)
		return;
	sockets->children++;
	fd_close(&sockets->accepted);
}

/* Accepts one connection. false: the descriptor is not a listener. */
static bool accept_one(struct sockets *sockets, int listener)
{
	struct sender client = { .length = sizeof(client.address) };
	int fd = accept4(listener, &client.address.any, &client.length, SOCK_CLOEXEC);

	if (fd < 0) {
		sockets->resting = errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS;
		return errno != EBADF && errno != EINVAL && errno != ENOTSOCK && errno != EOPNOTSUPP;
	}
	if (!may_come(sockets, &client)) {
		close(fd);
		return true;
	}
	sockets->accepted = fd;
	serve_accepted(sockets);
	return true;
}

static void reap(struct sockets *sockets)
{
	while (sockets->children && waitpid(-1, NULL, WNOHANG) > 0)
		sockets->children--;
}

/* Polls listeners only if another client can be served; datagrams always. */
static void choose_events(struct sockets *sockets, bool full)
{
	for (size_t n = 0; n < sockets->count; n++) {
		bool is_listener = option(sockets->list[n].fd, SO_TYPE) != SOCK_DGRAM;

		sockets->list[n].events = is_listener && full ? 0 : POLLIN;
	}
}

/* Serves the sockets that are ready. false: a listener does not work any more. */
static bool serve_ready(struct sockets *sockets)
{
	for (size_t n = 0; n < sockets->count; n++) {
		const struct pollfd *one = &sockets->list[n];

		if (!one->revents)
			continue;
		if (option(one->fd, SO_TYPE) == SOCK_DGRAM) {
			datagrams_serve(sockets->datagrams, one->fd);
			continue;
		}
		if ((one->revents & (POLLERR | POLLHUP | POLLNVAL)) ||
		    (sockets->accepted < 0 && !accept_one(sockets, one->fd)))
			return false;
	}
	return true;
}

static int serve(struct sockets *sockets)
{
	for (;;) {
		bool full = sockets->children >= CHILDREN_MOST || sockets->resting;
		int ready;

		choose_events(sockets, full);
		sockets->resting = false;
		ready = poll(sockets->list, sockets->count, full ? LOOK_AGAIN : IDLE);
		reap(sockets);
		serve_accepted(sockets);
		if (ready < 0 && errno != EINTR)
			return 1;
		if (ready > 0 && !serve_ready(sockets))
			return 1;
		if (ready == 0 && !full && !sockets->children)
			return 0;
	}
}

/* Checks whether the builtin supports this kind of socket, and sets the socket up. */
static bool prepare(struct sockets *sockets, int fd)
{
	bool is_datagram = option(fd, SO_TYPE) == SOCK_DGRAM;
	const struct builtin *builtin = sockets->settings->builtin;

	if (option(fd, SO_TYPE) < 0) {
		say("descriptor %d is no socket: %s", fd, strerror(errno));
		return false;
	}
	if (is_datagram ? !builtin->answer : !builtin->converse) {
		say("%s cannot be had over %s", builtin->name, is_datagram ? "datagrams" : "connections");
		return false;
	}
	if (!is_datagram)               /* a client that leaves before accept4(2) must not block the others */
		return fd_set_nonblocking(fd, true) == 0;
	pktinfo_prepare(fd);
	if (!sockets->datagrams)
		sockets->datagrams = datagrams_new(sockets->settings);
	if (!sockets->datagrams)
		say("out of memory");
	return sockets->datagrams;
}

int sockets_serve(const struct settings *settings, const int *fds, size_t count)
{
	struct sockets sockets = { .settings = settings, .count = count, .accepted = -1 };
	int status = 1;

	sockets.list = calloc(count, sizeof(*sockets.list));
	if (!sockets.list) {
		say("out of memory");
		return 1;
	}
	for (size_t n = 0; n < count; n++) {
		sockets.list[n].fd = fds[n];
		if (!prepare(&sockets, fds[n]))
			goto out;
	}
	status = serve(&sockets);
out:
	free(sockets.datagrams);
	free(sockets.list);
	return status;
}
