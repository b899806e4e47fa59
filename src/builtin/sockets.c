/* Serves listening sockets (accept = no) and datagram sockets.
 *
 * The process exits after IDLE without clients, but not while a child serves one. superd starts superd-builtin again
 * for the next client. */
#include "builtin/sockets.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "builtin/datagram.h"
#include "builtin/pktinfo.h"
#include "lib/fd.h"

#define IDLE 5000                       /* milliseconds without a client, then the process ends */
#define CHILDREN_MOST 1000              /* connections at once */
#define RETRY_DELAY 250                 /* milliseconds until the next try, if processes or descriptors ran out */

struct sockets {
	const struct settings *settings;
	struct datagrams *datagrams;    /* owned; NULL: no socket is a datagram socket */
	struct pollfd *list;            /* owned; the sockets that superd passed */
	bool *emptied;                  /* owned; of each: its queue was empty once (sender_is_admitted) */
	size_t count;                   /* of the list */
	size_t children;                /* number of child processes */
	int accepted;                   /* a connection that has no process yet; -1: none */
	bool paused;                    /* fork(2) or accept4(2) fails: no more clients until RETRY_DELAY has passed */
};

static int socket_option(int fd, int name)
{
	int value = -1;
	socklen_t length = sizeof(value);

	return getsockopt(fd, SOL_SOCKET, name, &value, &length) < 0 ? -1 : value;
}

int socket_is_connection(int fd)
{
	int type = socket_option(fd, SO_TYPE), listens = type < 0 ? -1 : socket_option(fd, SO_ACCEPTCONN);

	return listens < 0 ? -1 : type != SOCK_DGRAM && !listens;
}

static void close_sockets(const struct sockets *sockets)
{
	for (size_t n = 0; n < sockets->count; n++)
		close(sockets->list[n].fd);
}

static void serve_child(const struct sockets *sockets, int connection)
{
	close_sockets(sockets);
	_exit(sockets->settings->builtin->stream(sockets->settings, connection));
}

/* Forks a child for the accepted connection. If fork(2) fails, serve_loop tries again after RETRY_DELAY. */
static void serve_accepted(struct sockets *sockets)
{
	pid_t pid;

	if (sockets->accepted < 0)
		return;
	pid = fork();
	if (pid == 0)
		serve_child(sockets, sockets->accepted);
	sockets->paused = pid < 0;
	if (pid < 0)
		return;
	sockets->children++;
	fd_close(&sockets->accepted);
}

/* Accepts one connection. false: the descriptor is not a listener. */
static bool accept_one(struct sockets *sockets, size_t n)
{
	struct sender client = { .length = sizeof(client.address) };
	int fd = accept4(sockets->list[n].fd, &client.address.any, &client.length, SOCK_CLOEXEC);

	if (fd < 0) {
		sockets->paused = errno != EAGAIN && errno != EINTR && errno != ECONNABORTED && errno != EPROTO;
		return errno != EBADF && errno != EINVAL && errno != ENOTSOCK && errno != EOPNOTSUPP;
	}
	if (!sender_is_admitted(&client, sockets->list[n].fd, &sockets->emptied[n], sockets->settings)) {
		close(fd);
		return true;
	}
	sockets->accepted = fd;
	serve_accepted(sockets);
	return true;
}

static void reap_children(struct sockets *sockets)
{
	while (sockets->children && waitpid(-1, NULL, WNOHANG) > 0)
		sockets->children--;
}

/* Polls listeners only if another client can be served; datagrams always. */
static void choose_events(struct sockets *sockets, bool full)
{
	for (size_t n = 0; n < sockets->count; n++) {
		bool is_listener = socket_option(sockets->list[n].fd, SO_TYPE) != SOCK_DGRAM;

		sockets->list[n].events = is_listener && full ? 0 : POLLIN;
	}
}

/* Serves the sockets that are ready. false: a listening socket no longer works. */
static bool serve_ready(struct sockets *sockets)
{
	for (size_t n = 0; n < sockets->count; n++) {
		const struct pollfd *one = &sockets->list[n];

		if (!one->revents)
			continue;
		if (socket_option(one->fd, SO_TYPE) == SOCK_DGRAM) {
			datagrams_serve(sockets->datagrams, one->fd);
			continue;
		}
		if ((one->revents & (POLLERR | POLLHUP | POLLNVAL)) ||
		    (sockets->accepted < 0 && !accept_one(sockets, n)))
			return false;
	}
	return true;
}

/* Returns the exit status. */
static int serve_loop(struct sockets *sockets)
{
	for (;;) {
		bool full = sockets->children >= CHILDREN_MOST || sockets->paused;
		int ready;

		choose_events(sockets, full);
		sockets->paused = false;
		ready = poll(sockets->list, sockets->count, full ? RETRY_DELAY : IDLE);
		reap_children(sockets);
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
static bool prepare_socket(struct sockets *sockets, int fd)
{
	bool is_datagram = socket_option(fd, SO_TYPE) == SOCK_DGRAM;
	const struct builtin *builtin = sockets->settings->builtin;

	if (socket_option(fd, SO_TYPE) < 0) {
		builtin_log("descriptor %d is no socket: %s", fd, strerror(errno));
		return false;
	}
	if (is_datagram ? !builtin->dgram : !builtin->stream) {
		builtin_log("%s is not possible over %s", builtin->name, is_datagram ? "datagrams" : "connections");
		return false;
	}
	if (!is_datagram)               /* a client that leaves before accept4(2) must not block the others */
		return fd_set_nonblocking(fd, true) == 0;
	pktinfo_prepare(fd);
	if (!sockets->datagrams)
		sockets->datagrams = datagrams_new(sockets->settings);
	if (!sockets->datagrams)
		builtin_log("out of memory");
	return sockets->datagrams;
}

int sockets_serve(const struct settings *settings, const int *fds, size_t count)
{
	struct sockets sockets = { .settings = settings, .count = count, .accepted = -1 };
	int status = 1;

	sockets.list = calloc(count, sizeof(*sockets.list));
	sockets.emptied = calloc(count, sizeof(*sockets.emptied));
	if (!sockets.list || !sockets.emptied) {
		builtin_log("out of memory");
		goto out;
	}
	for (size_t n = 0; n < count; n++) {
		sockets.list[n].fd = fds[n];
		sockets.emptied[n] = queue_is_empty(fds[n]);
		if (!prepare_socket(&sockets, fds[n]))
			goto out;
	}
	status = serve_loop(&sockets);
out:
	free(sockets.datagrams);
	free(sockets.emptied);
	free(sockets.list);
	return status;
}
