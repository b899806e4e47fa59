/* The kernel's default of a socket option, read from a new socket. The defaults depend on family, type and protocol,
 * and on the network namespace, so the new socket is of the same kind. */
#include "os/socket/socket_default.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

static int open_socket_like(int fd)
{
	static const int options[] = { SO_DOMAIN, SO_TYPE, SO_PROTOCOL };
	int form[3];

	for (size_t i = 0; i < 3; i++) {
		socklen_t length = sizeof(form[i]);

		if (getsockopt(fd, SOL_SOCKET, options[i], &form[i], &length) < 0)
			return -1;
	}
	return socket(form[0], form[1] | SOCK_CLOEXEC, form[2]);
}

bool socket_default_int(int fd, int level, int option, int *value)
{
	socklen_t length = sizeof(*value);
	int new_socket = open_socket_like(fd), saved;
	bool got;

	if (new_socket < 0)
		return false;
	got = getsockopt(new_socket, level, option, value, &length) == 0;
	saved = errno;
	close(new_socket);
	errno = saved;
	return got;
}
