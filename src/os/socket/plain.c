/* The kind is found without a call to the descriptor's file system. Only the kernel writes the link in /proc/self/fd,
 * and only a path begins with a slash. Without /proc, only what calls identify that reach no file system is plain. */
#include "os/socket/socket.h"

#include <sys/syscall.h>

#include "os/socket/internal.h"

bool descriptor_is_plain(int fd, char name[DESCRIPTOR_NAME])
{
	static const char *const kinds[] = {
		"anon_inode:[eventfd]", "anon_inode:[timerfd]", "anon_inode:[pidfd]", "anon_inode:[pidfs]",
	};
	ssize_t length;
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	length = readlink(path, name, DESCRIPTOR_NAME - 1);
	name[length > 0 ? length : 0] = '\0';
	if (socket_int(fd, SOL_SOCKET, SO_TYPE) >= 0)
		return socket_is_plain(fd);     /* other sockets may block when they are closed, such as AF_PACKET */
	if (!*name)             /* no /proc */
		return syscall(SYS_pidfd_send_signal, fd, 0, NULL, 0) == 0 || errno == EPERM || errno == ESRCH;
	if (!strncmp(name, "pipe:[", 6))
		return true;
	/* A file's path may look like this, but only a memfd has seals. */
	if (!strncmp(name, "/memfd:", 7))
		return fcntl(fd, F_GET_SEALS) >= 0;
	for (size_t n = 0; n < sizeof(kinds) / sizeof(*kinds); n++) {
		if (!strcmp(name, kinds[n]))
			return true;
	}
	return false;
}

/* Classifies sockets by SO_DOMAIN and SO_PROTOCOL (socket(7)). SMC, for one, is a protocol of AF_INET as well as a
 * family. */

static bool has_plain_protocol(int fd, bool or_mptcp)
{
	switch (socket_int(fd, SOL_SOCKET, SO_PROTOCOL)) {
	case IPPROTO_TCP:
	case IPPROTO_UDP:
	case IPPROTO_UDPLITE:
	case IPPROTO_SCTP:
		return true;
	case IPPROTO_MPTCP:
		return or_mptcp;
	default:
		return socket_int(fd, SOL_SOCKET, SO_TYPE) == SOCK_RAW;
	}
}

bool socket_is_plain_inet(int fd)
{
	int family = socket_int(fd, SOL_SOCKET, SO_DOMAIN);

	return (family == AF_INET || family == AF_INET6) && has_plain_protocol(fd, false);
}

bool socket_is_plain(int fd)
{
	switch (socket_int(fd, SOL_SOCKET, SO_DOMAIN)) {
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

/* Asks a socket who has made it. */

#ifndef SO_NETNS_COOKIE
#define SO_NETNS_COOKIE 71 /* Linux 5.14; an older kernel refuses it */
#endif

/* A look at a file may hang, as at one of FUSE; SO_TYPE tells a socket without one. */
enum socket_origin socket_origin(int fd, uid_t *uid)
{
	uint64_t network = 0, own_network = 0;
	socklen_t size = sizeof(network);
	struct stat status;
	int own;

	*uid = geteuid();
	if (socket_int(fd, SOL_SOCKET, SO_TYPE) < 0 || fstat(fd, &status) < 0)
		return ORIGIN_OWN;
	*uid = status.st_uid;
	if (status.st_uid != geteuid())
		return ORIGIN_USER;
	own = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (own < 0 || getsockopt(own, SOL_SOCKET, SO_NETNS_COOKIE, &own_network, &size) < 0 ||
	    (getsockopt(fd, SOL_SOCKET, SO_NETNS_COOKIE, &network, &size) == 0 && network == own_network)) {
		fd_close(&own);
		return ORIGIN_OWN;
	}
	fd_close(&own);
	return ORIGIN_NETWORK;
}
