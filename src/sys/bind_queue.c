/* What waits in a listener's queue. Each kind keeps its count somewhere else: TCP in TCP_INFO,
 * where tcpi_unacked of a listener is its accept queue; unix sockets in sock_diag; the rest only
 * tells whether there is something. */
#include "sys/bind.h"

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
#include "sys/foreign_socket.h"
#include "sys/interrupt.h"
#include "sys/passed_rights.h"
#include "sys/sock_diag.h"

#define FLUSH_MOST 65536                /* a flood is not followed for ever */

/* TCP_INFO takes the socket's lock. */
static bool ask_tcp(int fd, uint16_t port, uint32_t *queue, uint32_t *limit)
{
	struct tcp_info info = { 0 };
	socklen_t length = sizeof(info);

	if (foreign_socket_is(fd))
		return sock_diag_tcp(fd, port, queue, limit);
	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &length) < 0 || info.tcpi_state != TCP_LISTEN)
		return false;
	*queue = info.tcpi_unacked;
	*limit = info.tcpi_sacked;      /* of a listener it is that */
	return true;
}

/* port 0: it is not known. */
static int tcp_queue(int fd, uint16_t port)
{
	uint32_t queue, limit;

	return ask_tcp(fd, port, &queue, &limit) ? (int)queue : -1;
}

/* An empty datagram is one too, so poll decides and the size only refines. */
static int readable_bytes(int fd)
{
	struct pollfd wait = { .fd = fd, .events = POLLIN };
	int bytes = 0;

	if (poll(&wait, 1, 0) < 0 || wait.revents & POLLNVAL)
		return -1;
	if (!(wait.revents & POLLIN))
		return 0;
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
	return readable_bytes(fd);
}

int bind_queue_limit(int fd, const struct listen *listen)
{
	uint32_t queue, limit;

	if (!endpoint_accepts(listen->address))
		return -1;
	if (listen->address->kind == ENDPOINT_TCP && ask_tcp(fd, listen->address->port, &queue, &limit))
		return (int)limit;
	return listen->options->backlog > INT_MAX ? INT_MAX : (int)listen->options->backlog;
}

/* One of those that wait; false: there is none. */
static bool drop_one(int fd, const struct listen *listen)
{
	char unread[4096];
	ssize_t got;
	bool carries;
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
	if (passed_rights_peek(fd, NULL, 0, &carries) >= 0 && carries)
		return false;           /* to drop what it carries may be to wait for ever: it stays */
	got = read(fd, unread, sizeof(unread));
	return got > 0 || (got == 0 && endpoint_is_datagram(listen->address));
}

static int flush(int fd, const void *with, struct buf *why, struct buf *warnings)
{
	const struct listen *listen = with;

	(void)why, (void)warnings;
	if (fd_set_nonblocking(fd, true) < 0)
		return -1;      /* it would wait */
	interrupt_begin();      /* and may yet, as a backend has it */
	for (unsigned n = 0; n < FLUSH_MOST && readable_bytes(fd) > 0 && drop_one(fd, listen); n++)
		;
	interrupt_end();
	return 0;
}

void bind_flush(int fd, const struct listen *listen)
{
	struct buf none = { 0 };

	foreign_socket_do(fd, flush, listen, &none, &none);
	buf_free(&none);
}

/* How many it dropped is said in text, as it may be another process's memory. */
static int drop(int fd, const void *with, struct buf *dropped, struct buf *warnings)
{
	unsigned count = *(const unsigned *)with, gone = 0;
	int flags = fcntl(fd, F_GETFL), client = 0;
	bool none = false;

	(void)warnings;
	if (flags < 0 || fd_set_nonblocking(fd, true) < 0)
		return -1;
	interrupt_begin();
	for (unsigned n = 0; n < count && client >= 0; n++) {
		client = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
		none = client < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
		if (client < 0)
			continue;
		close(client);
		gone++;
	}
	interrupt_end();
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
		return tcp_queue(fd, listen->address->port);
	case ENDPOINT_UNIX:
	case ENDPOINT_SEQPACKET:
		return unix_queue(fd);
	default:
		return readable_bytes(fd);
	}
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
	length = tcp_queue(fd, 0);
	if (length < 0)
		length = unix_queue(fd);
	return length > 0 ? (unsigned)length : 0;
}
