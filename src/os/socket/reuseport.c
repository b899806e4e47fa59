/* A second listener at the address of the first (SO_REUSEPORT): which kinds can have one, and how TCP gets it.
 *
 * A classic selector program chooses a listener by its index in the group. The kernel numbers the sockets in the order
 * of their arrival, and renumbers them when one leaves. So superd asks the kernel how many there are, and allows two:
 * the second has index 1. */
#include "os/socket/reuseport.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "lib/fd.h"
#include "os/bpf/reuseport_bpf.h"
#include "os/netdiag/conn_count.h"
#include "os/netdiag/foreign_socket.h"
#include "os/netdiag/sock_diag.h"
#include "os/netdiag/socket_address.h"
#include "os/socket/bind.h"
#include "os/socket/bind_internal.h"

/* Counts the sockets that listen at exactly this address: more than one are a group already. */
struct reuseport_search {
	struct conn_count wanted;
	unsigned found;
};

static void count_listener(struct nlmsghdr *message, void *context)
{
	const struct inet_diag_msg *socket = NLMSG_DATA(message);
	struct reuseport_search *search = context;
	size_t size = search->wanted.family == AF_INET ? 4 : 16;

	if (message->nlmsg_len < NLMSG_LENGTH(sizeof(*socket)) || socket->idiag_family != search->wanted.family)
		return;
	search->found += socket->id.idiag_if == search->wanted.interface &&
			 !memcmp(socket->id.idiag_src, search->wanted.address, size);
}

/* false: the kernel cannot tell. */
static bool count_listeners(int fd, unsigned *count)
{
	struct reuseport_search search = { 0 };

	conn_count_init(&search.wanted, fd);
	if (search.wanted.kind != CONN_TCP ||
	    !sock_diag_inet(&(struct sock_diag_filter){ search.wanted.family, IPPROTO_TCP, 1u << TCP_LISTEN,
							search.wanted.port },
			    count_listener, &search))
		return false;
	*count = search.found;
	return true;
}

/* Selects a socket by its index in the group; fd may be any socket of the group. */
static int select_index(int fd, unsigned index)
{
	struct sock_filter code = BPF_STMT(BPF_RET | BPF_K, index);
	struct sock_fprog selector = { .len = 1, .filter = &code };

	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &selector, sizeof(selector));
}

/* Binds another socket to the address that the first one really has, as the kernel may have chosen the port. */
static int bind_again(int fd, const struct listen *listen, struct buf *why, struct buf *warnings)
{
	struct socket_address name;
	struct endpoint endpoint = *listen->address;
	struct socket_options options = *listen->options;
	struct listen again = *listen;

	if (!bind_address(fd, &name))
		return bind_fail(why, "looking at the first socket", NULL);
	endpoint.port = (uint16_t)socket_address_port(&name);
	endpoint.port_name = NULL;
	options.reuse_port = true;
	again.address = &endpoint;
	again.options = &options;
	return bind_listen(&again, why, warnings);
}

/* Takes no lock of the socket. */
static bool is_shared(int fd)
{
	int shared = 0;
	socklen_t size = sizeof(shared);

	return getsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &shared, &size) == 0 && shared;
}

/* Why another socket is there. If the first one has SO_REUSEPORT, superd set it when it opened a second listener
 * before; since then a process of the same user could bind one, too. */
static const char *describe_other_listener(int fd)
{
	if (is_shared(fd))
		return "another socket listens there, too: the previous one, of which a process has a copy, or one "
		       "that a process of superd's user has opened";
	return "another socket listens there, too";
}

static int share(int fd, const void *on, struct buf *why, struct buf *warnings)
{
	(void)why, (void)warnings;
	return setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, on, sizeof(int));
}

static int open_tcp(int fd, const struct listen *listen, struct buf *why, struct buf *warnings)
{
	bool was_shared = is_shared(fd);
	unsigned listeners;
	int second;

	if (!count_listeners(fd, &listeners)) {
		errno = EOPNOTSUPP;
		return bind_fail(why, "making a twin", "the kernel does not report other listeners");
	}
	if (listeners != 1) {
		errno = EBUSY;
		return bind_fail(why, "making a twin", "%s", describe_other_listener(fd));
	}
	if (!was_shared && foreign_socket_do(fd, share, &(int){ 1 }, why, warnings) < 0)
		return bind_fail(why, "making a twin", errno == ETIMEDOUT ? "a process that has the socket blocks it"
									  : "SO_REUSEPORT");
	second = bind_again(fd, listen, why, warnings);
	if (second >= 0 && reuseport_bpf_select(second) < 0 && select_index(second, 1) < 0) {
		bind_fail(why, "making a twin", "SO_ATTACH_REUSEPORT_CBPF");
		fd_close(&second);
	}
	if (second < 0 && !was_shared) {
		int error = errno;

		foreign_socket_do(fd, share, &(int){ 0 }, why, warnings);
		errno = error;
	}
	return foreign_socket_forget(second);
}

#define MIGRATES "/proc/sys/net/ipv4/tcp_migrate_req"

/* The sysctl belongs to the network namespace, and holds for IPv4 and IPv6. */
static bool kernel_moves_clients(void)
{
	size_t length;
	char *text = fd_read_file(MIGRATES, 16, &length);
	bool moves = text && *text == '1';

	free(text);
	return moves;
}

bool reuseport_migrates(int fd)
{
	int domain = AF_UNIX;

	getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &(socklen_t){ sizeof(domain) });
	if (domain == AF_UNIX)
		return false;
	return reuseport_bpf_has_selected(fd) || kernel_moves_clients();
}

/* Without a second listener the kernel would reset the clients. */
static int shut_down_first(int from, const void *with, struct buf *why, struct buf *warnings)
{
	unsigned listeners;

	(void)with, (void)why, (void)warnings;
	return count_listeners(from, &listeners) && listeners == 2 ? shutdown(from, SHUT_RDWR) : -1;
}

bool reuseport_shut(int fd)
{
	struct buf none = { 0 };
	bool done = foreign_socket_do(fd, shut_down_first, NULL, &none, &none) == 0;

	buf_free(&none);
	return done;
}

bool reuseport_migrate(int from, int to)
{
	return reuseport_migrates(to) && reuseport_shut(from);
}

static bool tcp_is_possible(const struct listen *listen)
{
	return !listen->options->reuse_port;    /* otherwise the group may have other members */
}

bool reuseport_is_possible(const struct listen *listen)
{
	if (listen->address->kind == ENDPOINT_TCP)
		return tcp_is_possible(listen);
	return (listen->address->kind == ENDPOINT_UNIX || listen->address->kind == ENDPOINT_SEQPACKET) &&
	       reuseport_unix_is_possible(listen);
}

bool reuseport_is_to_be_set(int fd, const struct listen *listen)
{
	return listen->address->kind == ENDPOINT_TCP && tcp_is_possible(listen) && !is_shared(fd);
}

int reuseport_open(int fd, const struct listen *listen, struct buf *why, struct buf *warnings)
{
	if (listen->address->kind == ENDPOINT_TCP && tcp_is_possible(listen))
		return open_tcp(fd, listen, why, warnings);
	if (reuseport_is_possible(listen))
		return foreign_socket_forget(
			reuseport_unix_open(fd, listen, why, warnings)); /* does not use the first socket */
	errno = EOPNOTSUPP;
	return bind_fail(why, "making a twin", "there is none of this kind of socket");
}
