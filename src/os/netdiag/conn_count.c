/* Counts the clients of listeners: what is asked, and by which of two methods. */
#include "os/netdiag/conn_count.h"

#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "os/netdiag/conn_count_internal.h"
#include "os/netdiag/foreign_socket.h"
#include "os/netdiag/socket_address.h"
#include "table/access/access.h"

bool conn_count_is_same(const struct conn_count *a, const struct conn_count *b)
{
	if (a->kind == CONN_NONE || a->kind != b->kind)
		return false;
	if (a->kind == CONN_UNIX)
		return a->length == b->length && !memcmp(a->name, b->name, a->length);
	return a->family == b->family && a->port == b->port && a->interface == b->interface &&
	       !memcmp(a->address, b->address, sizeof(a->address));
}

static uint32_t bound_interface(int fd)
{
	char name[IFNAMSIZ] = "";
	socklen_t length = sizeof(name);        /* the kernel refuses a shorter buffer */

	if (getsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, name, &length) < 0 || !*name)
		return 0;
	return if_nametoindex(name);
}

static void init_inet(struct conn_count *conn, int fd, const struct socket_address *address, int type)
{
	static const unsigned char none[sizeof(conn->address)];

	conn->kind = type == SOCK_STREAM ? CONN_TCP : CONN_UDP;
	conn->family = (unsigned char)address->any.sa_family;
	if (conn->family == AF_INET)
		memcpy(conn->address, &address->in.sin_addr, sizeof(address->in.sin_addr));
	else
		memcpy(conn->address, &address->in6.sin6_addr, sizeof(address->in6.sin6_addr));
	conn->is_wildcard = !memcmp(conn->address, none, sizeof(none));
	conn->port = ntohs(conn->family == AF_INET ? address->in.sin_port : address->in6.sin6_port);
	conn->interface = bound_interface(fd);
}

static void init_unix(struct conn_count *conn, int fd, const struct socket_address *address)
{
	size_t length = address->length - offsetof(struct sockaddr_un, sun_path);
	struct stat status;

	if (address->length <= offsetof(struct sockaddr_un, sun_path) || fstat(fd, &status) < 0)
		return;                 /* an unnamed socket has no clients */
	if (address->un.sun_path[0])
		length = strnlen(address->un.sun_path, length);
	conn->kind = CONN_UNIX;
	conn->inode = (uint32_t)status.st_ino;
	conn->length = (unsigned char)length;
	memcpy(conn->name, address->un.sun_path, length);
}

void conn_count_init(struct conn_count *conn, int fd)
{
	struct socket_address address = { .length = sizeof(address.storage) };
	socklen_t size = sizeof(int);
	int type = 0, protocol = 0;

	*conn = (struct conn_count){ 0 };
	if (!foreign_socket_name(fd, &address) || getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) < 0)
		return;
	if (address.any.sa_family == AF_UNIX && type != SOCK_DGRAM)
		init_unix(conn, fd, &address);
	if (address.any.sa_family != AF_INET && address.any.sa_family != AF_INET6)
		return;
	size = sizeof(protocol);
	if (getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &size) < 0)
		return;
	if (protocol != IPPROTO_TCP && protocol != IPPROTO_UDP)
		return;
	init_inet(conn, fd, &address, type);
}

void conn_count_take_ipv4(struct conn_count *conn, int fd)
{
	socklen_t size = sizeof(int);
	int only = 1;

	conn->takes_ipv4 = conn->kind == CONN_TCP && conn->family == AF_INET6 && conn->is_wildcard &&
			   getsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &only, &size) == 0 && !only;
}

static bool is_tcp(int fd)
{
	int type = 0, protocol = IPPROTO_TCP;
	socklen_t size = sizeof(type);

	if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) < 0)
		return false;
	getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &size);
	return type == SOCK_STREAM && protocol == IPPROTO_TCP;
}

bool conn_counts_own(const struct conn_count *conns, size_t count, int fd, bool *is_probe)
{
	struct socket_address own = { .length = sizeof(own.storage) }, peer = { .length = sizeof(peer.storage) };
	bool is_own = false, has_peer = getpeername(fd, &peer.any, &peer.length) == 0;
	const void *address = &peer.in.sin_addr;

	if (!count || getsockname(fd, &own.any, &own.length) < 0)
		return false;
	if ((own.any.sa_family != AF_INET && own.any.sa_family != AF_INET6) || !is_tcp(fd))
		return false;
	if (own.any.sa_family == AF_INET6)
		address = &peer.in6.sin6_addr;
	for (size_t n = 0; n < count; n++) {
		if (conns[n].kind != CONN_TCP || !conn_count_has_family(&conns[n], own.any.sa_family) ||
		    conns[n].port != socket_address_port(&own))
			continue;
		is_own = true;
		*is_probe = *is_probe || (has_peer && access_lists(conns[n].probes, own.any.sa_family, address));
	}
	return is_own;
}

static bool has_kind(const struct conn_count *conns, size_t count, enum conn_kind kind)
{
	for (size_t n = 0; n < count; n++) {
		if (conns[n].kind == kind)
			return true;
	}
	return false;
}

/* Resets the counts of one kind: a count that failed half-way is not valid. */
static void reset_counts(struct conn_count *conns, size_t count, enum conn_kind kind, bool known)
{
	for (size_t n = 0; n < count; n++) {
		if (conns[n].kind != kind)
			continue;
		conns[n].count = conns[n].quiet = conns[n].silent = 0;
		conns[n].moved = UINT32_MAX;
		conns[n].peer_count = 0;
		conns[n].known = known;
	}
}

static bool count_kind(struct conn_count *conns, size_t count, enum conn_kind kind,
		       bool (*count_connections)(struct conn_count *conns, size_t count, enum conn_kind kind))
{
	reset_counts(conns, count, kind, true);
	return count_connections(conns, count, kind);
}

/* Marks queue counts as unknown. A list of /proc that changes while it is read may miss connections, which is too
 * unreliable to refuse clients by. */
static void forget_queue_counts(struct conn_count *conns, size_t count, enum conn_kind kind)
{
	for (size_t n = 0; n < count; n++)
		conns[n].known = conns[n].known && !(conns[n].kind == kind && conns[n].which == CONN_WHICH_QUEUED);
}

void conn_counts_run(struct conn_count *conns, size_t count)
{
	reset_counts(conns, count, CONN_NONE, false);
	for (unsigned kind = CONN_TCP; kind < CONN_KINDS; kind++) {
		if (!has_kind(conns, count, kind))
			continue;
		if (count_kind(conns, count, kind, conn_counts_ask_diag))
			continue;
		if (!count_kind(conns, count, kind, conn_counts_read_proc))
			reset_counts(conns, count, kind, false);
		forget_queue_counts(conns, count, kind);
	}
}
