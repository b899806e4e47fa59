/* Classifies sockets by SO_DOMAIN and SO_PROTOCOL (socket(7)). SMC, for one, is a protocol of AF_INET as well as a
 * family. */
#include "os/socket/plain_socket.h"

#include <netinet/in.h>
#include <sys/socket.h>

static int family_of(int fd)
{
	int family = -1;
	socklen_t size = sizeof(family);

	return getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &family, &size) == 0 ? family : -1;
}

static bool has_plain_protocol(int fd, bool or_mptcp)
{
	int protocol = -1, type = 0;
	socklen_t size = sizeof(protocol);

	if (getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &size) < 0 ||
	    getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) < 0)
		return false;
	switch (protocol) {
	case IPPROTO_TCP:
	case IPPROTO_UDP:
	case IPPROTO_UDPLITE:
	case IPPROTO_SCTP:
		return true;
	case IPPROTO_MPTCP:
		return or_mptcp;
	default:
		return type == SOCK_RAW;
	}
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
	case AF_NETLINK:
	case AF_VSOCK:
		return true;
	case AF_INET:
	case AF_INET6:
		return has_plain_protocol(fd, true);
	default:
		return false;
	}
}
