/* See the header. */
#include "os/netdiag/socket_id.h"

#include <sys/socket.h>

uint64_t socket_id(int fd)
{
#ifdef SO_COOKIE
	uint64_t cookie = 0;
	socklen_t size = sizeof(cookie);

	return getsockopt(fd, SOL_SOCKET, SO_COOKIE, &cookie, &size) == 0 ? cookie : 0;
#else
	(void)fd;
	return 0;
#endif
}
