/* What waits in a listener's queue. Each kind reports it in another way: TCP in TCP_INFO, whose tcpi_unacked is a
 * listener's accept queue (tcp(7)); unix sockets by sock_diag; the rest only whether there is something. */
#include "os/socket/bind.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/fd.h"
#include "os/netdiag/foreign_socket.h"
#include "os/netdiag/sock_diag.h"
#include "os/socket/bind_internal.h"
#include "os/socket/eintr_timer.h"

/* Reads the queue without the socket's lock, which TCP_INFO takes. */
static bool read_foreign_tcp_queue(int fd, uint32_t *queue, uint32_t *limit)
{
	struct socket_address name = { 0 };

	return foreign_socket_name(fd, &name) && sock_diag_tcp(fd, &name, queue, limit);
}

static bool read_tcp_queue(int fd, uint32_t *queue, uint32_t *limit)
{
	struct tcp_info info = { 0 };
	socklen_t length = sizeof(info);

	if (foreign_socket_is(fd))
		return read_foreign_tcp_queue(fd, queue, limit);
	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &length) < 0 || info.tcpi_state != TCP_LISTEN)
		return false;
	*queue = info.tcpi_unacked;
	*limit = info.tcpi_sacked;      /* a listener's backlog */
	return true;
}

/* 1: something waits; 0: nothing; -1: unknown. */
static int is_readable(int fd)
{
	struct pollfd wait = { .fd = fd, .events = POLLIN };

	if (poll(&wait, 1, 0) < 0 || wait.revents & POLLNVAL)
		return -1;
	return (wait.revents & POLLIN) != 0;
}

static int tcp_queue(int fd)
{
	uint32_t queue, limit;

	if (foreign_socket_is(fd) && is_readable(fd) == 0)
		return 0;
	return read_tcp_queue(fd, &queue, &limit) ? (int)queue : -1;
}

/* A datagram may be empty, so poll(2) decides and the size only refines. FIONREAD is used for datagram sockets only: on
 * a pipe it takes the lock that a writer holds while it waits for a page, perhaps for ever. */
static int readable_bytes(int fd, const struct listen *listen)
{
	int readable = is_readable(fd), bytes = 0;

	if (readable <= 0 || !endpoint_is_datagram(listen->address))
		return readable;
	return ioctl(fd, FIONREAD, &bytes) == 0 && bytes > 0 ? bytes : 1;
}

/* Asks sock_diag only if something waits and the machine has few sockets, so that it takes no time. Otherwise the
 * result only tells that a client waits. */
static int unix_queue(int fd)
{
	struct pollfd wait = { .fd = fd, .events = POLLIN };
	struct sock_diag_unix diag;

	if (poll(&wait, 1, 0) == 0)
		return 0;
	if (sock_diag_unix_is_quick() && sock_diag_unix(fd, &diag) && diag.has_queue)
		return diag.queue > INT_MAX ? INT_MAX : (int)diag.queue;
	return is_readable(fd);
}

int bind_queue_limit(int fd, const struct listen *listen)
{
	uint32_t queue, limit;

	if (!endpoint_accepts(listen->address))
		return -1;
	if (listen->address->kind == ENDPOINT_TCP && read_tcp_queue(fd, &queue, &limit))
		return (int)limit;
	return listen->options->backlog > INT_MAX ? INT_MAX : (int)listen->options->backlog;
}

/* Discards one client or datagram. false: there is none. */
static bool discard_one(int fd, const struct listen *listen)
{
	char unread[4096];
	ssize_t got;
	int client;

	if (endpoint_accepts(listen->address)) {
		client = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (client < 0)
			return errno == ECONNABORTED;
		close(client);
		return true;
	}
	if (listen->address->kind == ENDPOINT_MQUEUE)
		return false;
	got = read(fd, unread, sizeof(unread));
	return got > 0 || (got == 0 && endpoint_is_datagram(listen->address));
}

int bind_queue_drop(int fd, const struct listen *listen, unsigned most)
{
	int flags = fcntl(fd, F_GETFL), result = 0;
	bool is_timed;

	if (flags < 0 || fd_set_nonblocking(fd, true) < 0)
		return -1;              /* it would block */
	is_timed = eintr_timer_begin(); /* another holder may have cleared O_NONBLOCK */
	for (unsigned n = 0; n < most && is_readable(fd) > 0; n++) {
		if (is_timed && discard_one(fd, listen))
			continue;
		result = is_timed && errno == EAGAIN ? 0 : -1;
		break;
	}
	eintr_timer_end();
	fcntl(fd, F_SETFL, flags);
	return result;
}

int bind_queue(int fd, const struct listen *listen)
{
	switch (listen->address->kind) {
	case ENDPOINT_TCP:
		return tcp_queue(fd);
	case ENDPOINT_UNIX:
	case ENDPOINT_SEQPACKET:
		return unix_queue(fd);
	default:
		return readable_bytes(fd, listen);
	}
}

bool bind_has_queue(int fd)
{
	struct pollfd wait = { .fd = fd, .events = POLLIN };

	if (fd < 0 || poll(&wait, 1, 0) <= 0)
		return false;
	return wait.revents & POLLIN && !(wait.revents & (POLLHUP | POLLERR));
}

bool bind_is_shut(int fd)
{
	struct pollfd state = { .fd = fd };

	return poll(&state, 1, 0) > 0 && state.revents & (POLLHUP | POLLERR | POLLNVAL);
}

unsigned bind_clients(int fd)
{
	int length;

	if (fd < 0 || bind_is_shut(fd))
		return 0;
	length = tcp_queue(fd);
	if (length < 0)
		length = unix_queue(fd);
	return length > 0 ? (unsigned)length : 0;
}
