/* What waits in a listener's queue. Each kind keeps its count somewhere else: TCP in TCP_INFO,
 * where tcpi_unacked of a listener is its accept queue; unix sockets in sock_diag; the rest only
 * tells whether there is something. */
#include "sys/bind.h"

#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "sys/sock_diag.h"

static int tcp_queue(int fd)
{
	struct tcp_info info = { 0 };
	socklen_t length = sizeof(info);

	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &length) < 0 || info.tcpi_state != TCP_LISTEN)
		return -1;
	return (int)info.tcpi_unacked;
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

static int unix_queue(int fd)
{
	struct sock_diag_unix diag;

	if (sock_diag_unix(fd, &diag) && diag.has_queue)
		return diag.queue > INT_MAX ? INT_MAX : (int)diag.queue;
	return readable_bytes(fd);
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
		return readable_bytes(fd);
	}
}
