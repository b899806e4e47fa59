/* The time of the last received datagram: ioctl(SIOCGSTAMPNS), socket(7).
 *
 * If the service requests a time with each datagram (SO_TIMESTAMP and the like), the kernel no longer updates the
 * socket's own. The time is then reported as unknown, so that the socket is not taken for a quiet one. */
#include "os/netdiag/datagram_stamp.h"

#include <errno.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>

#include <linux/sockios.h>

static bool has_datagram(int fd)
{
	struct pollfd state = { fd, POLLIN, 0 };

	return poll(&state, 1, 0) > 0;
}

static bool has_option(int fd, int option)
{
	socklen_t size = sizeof(int);
	int value = 0;

	return getsockopt(fd, SOL_SOCKET, option, &value, &size) == 0 && value;
}

static bool read_stamp(int fd, int64_t *stamp)
{
	struct timespec time = { 0 };

	*stamp = 0;
	if (has_option(fd, SO_TIMESTAMP) || has_option(fd, SO_TIMESTAMPNS) || has_option(fd, SO_TIMESTAMPING))
		return false;
	if (ioctl(fd, SIOCGSTAMPNS, &time) < 0)
		return errno == ENOENT;         /* none yet */
	*stamp = (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
	return true;
}

void datagram_stamp_read(int fd, struct datagram_stamp *last)
{
	last->known = read_stamp(fd, &last->stamp);
	last->waits = has_datagram(fd);
}
