/* See the header. */
#include "os/netdiag/socket_id.h"

#include <errno.h>
#include <sys/socket.h>

bool socket_id_read(int fd, uint64_t *id)
{
	socklen_t size = sizeof(*id);

	if (getsockopt(fd, SOL_SOCKET, SO_COOKIE, id, &size) == 0)
		return true;
	*id = 0;
	return errno == ENOTSOCK || errno == EBADF;
}

uint64_t socket_id(int fd)
{
	uint64_t id;

	return socket_id_read(fd, &id) ? id : 0;
}

bool socket_has_id(int fd, uint64_t id)
{
	uint64_t now;

	return !id || !socket_id_read(fd, &now) || now == id;
}
