/* The kind is found without a call to the descriptor's file system. Only the kernel writes the link in /proc/self/fd,
 * and only a path begins with a slash. Without /proc, only what calls identify that reach no file system is plain. */
#include "os/socket/socket.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lib/fd.h"

static bool is_socket_fd(int fd)
{
	int type;
	socklen_t size = sizeof(type);

	return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0;
}

static bool has_seals(int fd)
{
	return fcntl(fd, F_GET_SEALS) >= 0;
}

static bool descriptor_is_pidfd(int fd)
{
	return syscall(SYS_pidfd_send_signal, fd, 0, NULL, 0) == 0 || errno == EPERM || errno == ESRCH;
}

/* Reads the kernel's name of the open file; "" without /proc. A user can choose only a name that begins with /. */
static void read_name(int fd, char text[DESCRIPTOR_NAME])
{
	char path[64];
	ssize_t length;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	length = readlink(path, text, DESCRIPTOR_NAME - 1);
	text[length > 0 ? length : 0] = '\0';
}

bool descriptor_is_plain(int fd, char name[DESCRIPTOR_NAME])
{
	static const char *const kinds[] = {
		"anon_inode:[eventfd]", "anon_inode:[timerfd]", "anon_inode:[pidfd]", "anon_inode:[pidfs]",
	};

	read_name(fd, name);
	if (is_socket_fd(fd))
		return socket_is_plain(fd);     /* other sockets may block when they are closed, such as AF_PACKET */
	if (!*name)
		return descriptor_is_pidfd(fd);
	if (!strncmp(name, "pipe:[", 6))
		return true;
	if (!strncmp(name, "/memfd:", 7))
		return has_seals(fd);   /* a file's path may look like this, but only a memfd has seals */
	for (size_t n = 0; n < sizeof(kinds) / sizeof(*kinds); n++) {
		if (!strcmp(name, kinds[n]))
			return true;
	}
	return false;
}

/* Classifies sockets by SO_DOMAIN and SO_PROTOCOL (socket(7)). SMC, for one, is a protocol of AF_INET as well as a
 * family. */

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

/* Asks a socket who has made it. */

#ifdef SO_NETNS_COOKIE
static bool read_network(int fd, uint64_t *network)
{
	socklen_t length = sizeof(*network);

	return getsockopt(fd, SOL_SOCKET, SO_NETNS_COOKIE, network, &length) == 0 && length == sizeof(*network);
}

static bool is_of_own_network(int fd)
{
	int own = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	uint64_t other, network;
	bool is_known = own >= 0 && read_network(own, &network);

	fd_close(&own);
	return !is_known || (read_network(fd, &other) && other == network);
}
#else
static bool is_of_own_network(int fd)
{
	(void)fd;
	return true;
}
#endif

/* A look at a file may hang, as at one of FUSE; SO_TYPE tells a socket without one. */
enum socket_origin socket_origin(int fd, uid_t *uid)
{
	struct stat status;
	int type;
	socklen_t length = sizeof(type);

	*uid = geteuid();
	if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &length) < 0 || fstat(fd, &status) < 0)
		return ORIGIN_OWN;
	*uid = status.st_uid;
	if (status.st_uid != geteuid())
		return ORIGIN_USER;
	return is_of_own_network(fd) ? ORIGIN_OWN : ORIGIN_NETWORK;
}
