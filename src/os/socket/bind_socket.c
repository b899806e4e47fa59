/* Opens a listening socket: the calls that the openers of all kinds share. */
#include "os/socket/internal.h"

#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "os/bpf/bpf.h"
#include "os/netdiag/netdiag.h"

int bind_fail(struct buf *why, const char *step, const char *detail, ...)
{
	int saved = errno;
	char text[512];
	va_list arguments;

	buf_addf(why, "%s: %s", step, strerror(saved));
	if (detail) {
		va_start(arguments, detail);
		vsnprintf(text, sizeof(text), detail, arguments);
		va_end(arguments);
		buf_addf(why, " (%s)", text);
	}
	errno = saved;
	return -1;
}

int bind_socket(const struct listen *listen, int domain, struct buf *why)
{
	struct socket_form form;
	int fd;

	if (!socket_form(listen->address, &form)) {
		errno = EPROTONOSUPPORT;
		return bind_fail(why, "opening a socket", NULL);
	}
	fd = socket(domain, form.type | SOCK_CLOEXEC | SOCK_NONBLOCK, form.protocol);
	if (fd >= 0)
		return fd;
	if (listen->address->kind == ENDPOINT_SCTP && (errno == EPROTONOSUPPORT || errno == ESOCKTNOSUPPORT))
		return bind_fail(why, "opening a socket", "this kernel has no SCTP");
	if (listen->address->kind == ENDPOINT_VSOCK && errno == EAFNOSUPPORT)
		return bind_fail(why, "opening a socket", "this kernel has no vsock");
	if (listen->address->kind == ENDPOINT_RAW && errno == EPERM)
		return bind_fail(why, "opening a socket", "raw sockets need root or CAP_NET_RAW");
	return bind_fail(why, "opening a socket", NULL);
}

int bind_filter(int fd, const struct sock_fprog *filter, struct buf *why)
{
	if (!filter || socket_filter_attach(fd, filter) == 0)
		return 0;
	if (socket_filter_is_locked(fd))
		return bind_fail(why, "only_from and no_access", "its filter is locked (SO_LOCK_FILTER)");
	if (errno == EPERM)
		return bind_fail(why, "only_from and no_access", "on this kernel only root can set a filter on a "
								 "socket; accept = yes needs no filter");
	return bind_fail(why, "only_from and no_access", errno == ENOMEM ? "net.core.optmem_max allows no filter "
			 "of so many networks" : NULL);
}

static int backlog_of(const struct socket_options *options)
{
	int64_t backlog = options->backlog;

	return backlog > INT_MAX ? INT_MAX : backlog < 0 ? 0 : (int)backlog;
}

int bind_queue_open(int fd, const struct listen *wanted, struct buf *why)
{
	if (!endpoint_accepts(wanted->address) || listen(fd, backlog_of(wanted->options)) == 0)
		return 0;
	return bind_fail(why, "listening", errno == EADDRINUSE ? "another socket listens there" : NULL);
}
