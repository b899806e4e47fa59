/* Classifies sockets by SO_DOMAIN and SO_PROTOCOL (socket(7)). SMC, for one, is a protocol of AF_INET as well as a
 * family. */
#include "os/socket/plain_socket.h"

#include <netinet/in.h>
#include <sys/socket.h>

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262
#endif

static int family_of(int fd)
{
#ifdef SO_DOMAIN
	int family = -1;
	socklen_t size = sizeof(family);

	return getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &family, &size) == 0 ? family : -1;
#else
	struct sockaddr_storage address;
	socklen_t length = sizeof(address);

	return getsockname(fd, (struct sockaddr *)&address, &length) == 0 ? address.ss_family : -1;
#endif
}

static bool has_plain_protocol(int fd, bool or_mptcp)
{
#ifdef SO_PROTOCOL
	int protocol = -1, type = 0;
	socklen_t size = sizeof(protocol);

	if (getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &size) < 0 ||
	    getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) < 0)
		return false;
	switch (protocol) {
	case IPPROTO_TCP:
	case IPPROTO_UDP:
#ifdef IPPROTO_UDPLITE
	case IPPROTO_UDPLITE:
#endif
#ifdef IPPROTO_SCTP
	case IPPROTO_SCTP:
#endif
		return true;
	case IPPROTO_MPTCP:
		return or_mptcp;
	default:
		return type == SOCK_RAW;
	}
#else
	(void)fd, (void)or_mptcp;
	return true;
#endif
}

bool socket_is_plain_inet(int fd)
{
	int family = family_of(fd);

	return (family == AF_INET || family == AF_INET6) && has_plain_protocol(fd, false);
}

bool socket_is_plain(int fd)
{
	switch (family_of(fd)) {
	case AF_UNIX:
#ifdef AF_NETLINK
	case AF_NETLINK:
#endif
#ifdef AF_VSOCK
	case AF_VSOCK:
#endif
		return true;
	case AF_INET:
	case AF_INET6:
		return has_plain_protocol(fd, true);
	default:
		return false;
	}
}
