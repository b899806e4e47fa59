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
#include <sys/stat.h>

#include "lib/fd.h"
#include "os/bpf/reuseport_bpf.h"
#include "os/netdiag/conn_count.h"
#include "os/netdiag/foreign_socket.h"
#include "os/netdiag/sock_diag.h"
#include "os/netdiag/socket_address.h"
#include "os/proc/port_owner.h"
#include "os/socket/bind.h"
#include "os/socket/bind_internal.h"

#define SECOND "opening a second socket"

/* Counts the sockets that listen at exactly this address: more than one are a group already. */
struct reuseport_search {
	struct conn_count wanted;
	ino_t own;                      /* the first one's inode */
	unsigned found;
	unsigned other, user;           /* inode of another one, and who has opened it */
};

static void count_listener(struct nlmsghdr *message, void *context)
{
	const struct inet_diag_msg *socket = NLMSG_DATA(message);
	struct reuseport_search *search = context;
	size_t size = search->wanted.family == AF_INET ? 4 : 16;

	if (message->nlmsg_len < NLMSG_LENGTH(sizeof(*socket)) || socket->idiag_family != search->wanted.family ||
	    socket->id.idiag_if != search->wanted.interface ||
	    memcmp(socket->id.idiag_src, search->wanted.address, size) != 0)
		return;
	search->found++;
	if (socket->idiag_inode == search->own)
		return;
	search->other = socket->idiag_inode;
	search->user = socket->idiag_uid;
}

/* false: the kernel cannot tell. */
static bool find_listeners(int fd, struct reuseport_search *search)
{
	struct stat status;

	*search = (struct reuseport_search){ 0 };
	conn_count_init(&search->wanted, fd);
	if (search->wanted.kind != CONN_TCP || fstat(fd, &status) < 0)
		return false;
	search->own = status.st_ino;
	return sock_diag_inet(&(struct sock_diag_filter){ search->wanted.family, IPPROTO_TCP, 1u << TCP_LISTEN,
							  search->wanted.port },
			      count_listener, search);
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

/* As only root sees who has a socket of others. */
static int fail_beside_other(const struct reuseport_search *search, struct buf *why)
{
	struct buf owner = { 0 };

	if (!socket_owner(search->other, search->wanted.port, &owner))
		buf_addf(&owner, "inode %u, opened by user %u", search->other, search->user);
	errno = EBUSY;
	bind_fail(why, SECOND, "another socket listens there, too: %s", buf_string(&owner));
	buf_free(&owner);
	return -1;
}

/* A foreign one would have it already if it could have it now (reuseport_is_to_be_set). */
static int share(int fd, struct buf *why)
{
	if (!foreign_socket_is(fd))
		return setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &(int){ 1 }, sizeof(int)) < 0 ?
			bind_fail(why, SECOND, "SO_REUSEPORT") : 0;
	errno = foreign_socket_is_backed_off(fd) ? ETIMEDOUT : EAGAIN;
	return bind_fail(why, SECOND, errno == ETIMEDOUT ? "a process that has the socket blocks it" : "SO_REUSEPORT");
}

static int open_tcp(int fd, const struct listen *listen, struct buf *why, struct buf *warnings)
{
	bool was_shared = is_shared(fd);
	struct reuseport_search search;
	int second;

	if (!find_listeners(fd, &search)) {
		errno = EOPNOTSUPP;
		return bind_fail(why, SECOND, "the kernel does not report other listeners");
	}
	if (search.other)
		return fail_beside_other(&search, why);
	if (!was_shared && share(fd, why) < 0)
		return -1;
	second = bind_again(fd, listen, why, warnings);
	if (second >= 0 && reuseport_bpf_select(second) < 0 && select_index(second, 1) < 0) {
		bind_fail(why, SECOND, "SO_ATTACH_REUSEPORT_CBPF");
		fd_close(&second);
	}
	if (second < 0 && !was_shared) {
		int error = errno;

		setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &(int){ 0 }, sizeof(int));
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

bool reuseport_has_other(int fd)
{
	struct reuseport_search search;

	return find_listeners(fd, &search) && search.found == 2;
}

const char *reuseport_obstacle(const struct listen *listen)
{
	enum endpoint_kind kind = listen->address->kind;

	if (kind == ENDPOINT_TCP)       /* the group may have other members */
		return listen->options->reuse_port ? "reuse_port = yes" : NULL;
	if (kind == ENDPOINT_UNIX || kind == ENDPOINT_SEQPACKET)
		return reuseport_unix_obstacle(listen);
	return "there is none of this kind";
}

bool reuseport_is_to_be_set(int fd, const struct listen *listen)
{
	return (listen->address->kind == ENDPOINT_TCP || listen->address->kind == ENDPOINT_UDP) && !is_shared(fd);
}

int reuseport_open(int fd, const struct listen *listen, struct buf *why, struct buf *warnings)
{
	const char *obstacle = reuseport_obstacle(listen);

	if (obstacle) {
		errno = EOPNOTSUPP;
		return bind_fail(why, SECOND, "%s", obstacle);
	}
	if (listen->address->kind == ENDPOINT_TCP)
		return open_tcp(fd, listen, why, warnings);
	/* That does not use the first socket. */
	return foreign_socket_forget(reuseport_unix_open(fd, listen, why, warnings));
}
