/* Whether an open descriptor is what the table asks for: an inherited socket, or a listener whose node may be gone.
 *
 * An endpoint without a family may be an IPv6 or an IPv4 socket. It is compared in the form that the descriptor has,
 * not in the form that superd would choose now. */
#include "os/socket/socket.h"

#include <net/if.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>

#include "os/socket/internal.h"

/* Whether a fifo or a special file is the one at the listener's path. unknown: the answer where looking fails. */
static bool is_same_file(int fd, const struct listen *listen, bool unknown)
{
	const bool is_fifo = listen->address->kind == ENDPOINT_FIFO;
	const char *path = listen->address->address;
	struct path_finding finding;
	char link[32], name[PATH_MAX];
	struct stat open, named;

	if (!is_fifo && listen->address->kind != ENDPOINT_SPECIAL)
		return false;
	/* A look into another user's folder may wait. There the name tells that the kernel has for an open fifo. */
	if (path_is_foreign(path, &finding) && !finding.missing) {
		snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
		return is_fifo ? readlink(link, name, sizeof(name)) == (ssize_t)strlen(path) &&
					!memcmp(name, path, strlen(path)) && lseek(fd, 0, SEEK_CUR) < 0
			       : unknown;
	}
	if (fstat(fd, &open) < 0 || lstat(path, &named) < 0)
		return errno != EBADF && errno != ENOENT && errno != ENOTDIR && unknown;
	return S_ISFIFO(open.st_mode) == is_fifo && open.st_dev == named.st_dev && open.st_ino == named.st_ino;
}

static bool inet_matches(int fd, const struct listen *listen, const struct socket_address *have)
{
	int family = socket_address_family(listen->address);
	const char *interface = listen->options->bind_to_device;
	bool v6only = bind_wants_v6only(listen);
	char device[IFNAMSIZ + 1] = "";
	struct socket_address want;

	if (!socket_address_make(listen->address, family == AF_UNSPEC ? have->any.sa_family : family, &want) ||
	    have->any.sa_family != want.any.sa_family ||
	    (socket_address_port(&want) && socket_address_port(have) != socket_address_port(&want)))
		return false;
	if (have->any.sa_family == AF_INET ? have->in.sin_addr.s_addr != want.in.sin_addr.s_addr
					   : memcmp(&have->in6.sin6_addr, &want.in6.sin6_addr, 16) != 0 ||
						     have->in6.sin6_scope_id != want.in6.sin6_scope_id)
		return false;
	/* A wildcard for both IP versions must serve both, and one for IPv6 alone must leave IPv4 alone. */
	if (have->any.sa_family == AF_INET && family == AF_UNSPEC && v6only)
		return false;
	if (have->any.sa_family == AF_INET6 && IN6_IS_ADDR_UNSPECIFIED(&have->in6.sin6_addr) &&
	    listen->address->kind != ENDPOINT_RAW && (socket_int(fd, IPPROTO_IPV6, IPV6_V6ONLY) > 0) != v6only)
		return false;
	/* bind(2) itself binds the socket to the interface of a link-local address. ENODEV: to one that is gone. */
	interface = interface ? interface : listen->address->interface;
	if (getsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, device, &(socklen_t){ IFNAMSIZ }) < 0 && errno != ENODEV &&
	    errno != ENOPROTOOPT)
		return false;
	return !strcmp(device, interface ? interface : "");
}

bool bind_matches(int fd, const struct listen *listen)
{
	struct socket_address have, want;
	struct socket_form form;

	if (!socket_form(listen->address, &form))
		return is_same_file(fd, listen, false);
	if (socket_int(fd, SOL_SOCKET, SO_TYPE) != form.type ||
	    (form.protocol && socket_int(fd, SOL_SOCKET, SO_PROTOCOL) != form.protocol) ||
	    (socket_int(fd, SOL_SOCKET, SO_ACCEPTCONN) > 0) != endpoint_accepts(listen->address) ||
	    !bind_address(fd, &have))
		return false;
	if (endpoint_is_inet(listen->address))
		return inet_matches(fd, listen, &have);
	if (!socket_address_make(listen->address, AF_UNSPEC, &want) || have.any.sa_family != want.any.sa_family)
		return false;
	/* A socket whose node is gone or replaced cannot be reached, so it does not match, whatever its name says. */
	if (node_path(listen))
		return node_is_ours(fd, listen);
	if (listen->address->kind == ENDPOINT_NETLINK)
		return have.nl.nl_groups == want.nl.nl_groups;
	return have.length == want.length && !memcmp(&have.storage, &want.storage, want.length);
}

bool bind_is_reachable(int fd, const struct listen *listen)
{
	if (listen->address->kind == ENDPOINT_SPECIAL)
		return is_same_file(fd, listen, true);
	return !node_path(listen) || node_is_ours(fd, listen);
}

/* What waits in a listener's queue. Each kind reports it in another way: TCP in TCP_INFO, whose tcpi_unacked is a
 * listener's accept queue (tcp(7)); unix sockets by sock_diag; the rest only whether there is something. */

static bool read_tcp_queue(int fd, uint32_t *queue, uint32_t *limit)
{
	struct tcp_info info = { 0 };
	socklen_t length = sizeof(info);

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

	if (flags < 0 || fd_set_nonblocking(fd, true) < 0)
		return -1;              /* it would block */
	for (unsigned n = 0; n < most && is_readable(fd) > 0; n++) {
		if (discard_one(fd, listen))
			continue;
		result = errno == EAGAIN ? 0 : -1;
		break;
	}
	fcntl(fd, F_SETFL, flags);
	return result;
}

int bind_queue(int fd, const struct listen *listen)
{
	enum endpoint_kind kind = listen->address->kind;
	int readable, bytes = 0;
	struct sock_diag_unix diag;
	uint32_t queue, limit;

	if (kind == ENDPOINT_TCP)
		return read_tcp_queue(fd, &queue, &limit) ? (int)queue : -1;
	readable = is_readable(fd);
	/* Asks sock_diag only if something waits. Otherwise the result only tells that a client does. */
	if ((kind == ENDPOINT_UNIX || kind == ENDPOINT_SEQPACKET) && readable && sock_diag_unix(fd, &diag))
		return diag.queue > INT_MAX ? INT_MAX : (int)diag.queue;
	/* A datagram may be empty, so poll(2) decides and the size only refines. FIONREAD is used for datagram sockets
	 * only: on a pipe it takes the lock that a writer holds while it waits for a page, perhaps for ever. */
	if (readable > 0 && endpoint_is_datagram(listen->address))
		return ioctl(fd, FIONREAD, &bytes) == 0 && bytes > 0 ? bytes : 1;
	return readable;
}
