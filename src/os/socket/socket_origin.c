/* Asks a socket who has made it. */
#include "os/socket/socket_origin.h"

#include <stdint.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/fd.h"

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
