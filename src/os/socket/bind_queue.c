/* What waits in a listener's queue. Each kind keeps its count somewhere else: TCP in TCP_INFO,
 * where tcpi_unacked of a listener is its accept queue; unix sockets in sock_diag; the rest only
 * tells whether there is something. */
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

#include "base/fd.h"
#include "os/foreign/foreign_path.h"
#include "os/netdiag/foreign_socket.h"
#include "os/netdiag/sock_diag.h"
#include "os/socket/eintr_timer.h"

#define FLUSH_MOST 65536                /* a flood is not followed for ever */

/* Without the socket's lock, which TCP_INFO takes. */
static bool ask_foreign_tcp(int fd, uint32_t *queue, uint32_t *limit)
{
	struct socket_address name = { 0 };

	return foreign_socket_name(fd, &name) && sock_diag_tcp(fd, &name, queue, limit);
}

static bool ask_tcp(int fd, uint32_t *queue, uint32_t *limit)
{
	struct tcp_info info = { 0 };
	socklen_t length = sizeof(info);

	if (foreign_socket_is(fd))
		return ask_foreign_tcp(fd, queue, limit);
	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &length) < 0 || info.tcpi_state != TCP_LISTEN)
		return false;
	*queue = info.tcpi_unacked;
	*limit = info.tcpi_sacked;      /* of a listener it is that */
	return true;
}

/* 1: something waits; 0: nothing; -1: there is no telling. */
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
	return ask_tcp(fd, &queue, &limit) ? (int)queue : -1;
}

/* An empty datagram is one too, so poll decides and the size only refines. It is asked of sockets of datagrams alone:
 * of a pipe, FIONREAD takes the lock that a writer holds while it waits for a page, which may be for ever. */
static int readable_bytes(int fd, const struct listen *listen)
{
	int readable = is_readable(fd), bytes = 0;

	if (readable <= 0 || !endpoint_is_datagram(listen->address))
		return readable;
	return ioctl(fd, FIONREAD, &bytes) == 0 && bytes > 0 ? bytes : 1;
}

/* sock_diag is asked only where there is anything, and where the machine has so few sockets that it takes no time; else
 * it is known only that there is somebody. */
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
	if (listen->address->kind == ENDPOINT_TCP && ask_tcp(fd, &queue, &limit))
		return (int)limit;
	return listen->options->backlog > INT_MAX ? INT_MAX : (int)listen->options->backlog;
}

/* One of those that wait; false: there is none. */
static bool drop_one(int fd, const struct listen *listen)
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

static void flush_all(int fd, const struct listen *listen)
{
	eintr_timer_begin();    /* whoever has it too may have it wait */
	for (unsigned n = 0; n < FLUSH_MOST && is_readable(fd) > 0 && drop_one(fd, listen); n++)
		;
	eintr_timer_end();
}

static int flush(int fd, const void *with, struct buf *why, struct buf *warnings)
{
	(void)why, (void)warnings;
	flush_all(fd, with);
	return 0;
}

struct flushing {
	int fd;
	const struct listen *listen;
};

static int flush_as(const void *with, struct buf *why, struct buf *warnings)
{
	const struct flushing *flushing = with;

	(void)why, (void)warnings;
	flush_all(flushing->fd, flushing->listen);
	return -1;
}

/* What a datagram of a unix socket carries may hang whoever drops it, and no look before it is read is proof: a process
 * that has the socket, too, may read one in between. A fifo is read under the lock of its pipe, which anybody can hold
 * for ever. */
static bool may_hang(const struct listen *listen)
{
	return listen->address->kind == ENDPOINT_FIFO || listen->address->kind == ENDPOINT_UNIX_DGRAM;
}

void bind_flush(int fd, const struct listen *listen)
{
	const struct flushing flushing = { fd, listen };
	struct buf none = { 0 };

	if (fd_set_nonblocking(fd, true) < 0)
		return;         /* it would wait */
	if (may_hang(listen))
		foreign_fork(listen->address->address, flush_as, &flushing, fd, &none, &none);
	else
		foreign_socket_do(fd, flush, listen, &none, &none);
	buf_free(&none);
}

/* Returns the number of dropped clients in text, as this may run in another process. */
static int drop(int fd, const void *with, struct buf *dropped, struct buf *warnings)
{
	unsigned count = *(const unsigned *)with, gone = 0;
	int flags = fcntl(fd, F_GETFL), client = 0;
	bool none = false;

	(void)warnings;
	if (flags < 0 || fd_set_nonblocking(fd, true) < 0)
		return -1;
	eintr_timer_begin();
	for (unsigned n = 0; n < count && client >= 0; n++) {
		client = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
		none = client < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
		if (client < 0)
			continue;
		close(client);
		gone++;
	}
	eintr_timer_end();
	fcntl(fd, F_SETFL, flags);
	buf_addf(dropped, "%u", gone);
	return client >= 0 || none ? 0 : -1;
}

bool bind_drop(int fd, unsigned count, unsigned *dropped)
{
	struct buf text = { 0 }, none = { 0 };
	bool all = foreign_socket_do(fd, drop, &count, &text, &none) == 0;

	*dropped += (unsigned)strtoul(buf_string(&text), NULL, 10);
	buf_free(&text);
	buf_free(&none);
	return all;
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
