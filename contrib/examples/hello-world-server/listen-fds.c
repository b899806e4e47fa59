/* LISTEN_PID and LISTEN_FDS say how many sockets were passed, and to whom. The one hard thing is the "to whom": the
 * variables live on in every child that doesn't know them, so they count only where LISTEN_PID is this process. */
#include "listen-fds.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

static int number_from(const char *text)
{
	char *end;
	long value;

	if (!text || *text < '0' || *text > '9')
		return -1;
	errno = 0;
	value = strtol(text, &end, 10);
	return *end != '\0' || errno != 0 || value > INT_MAX ? -1 : (int)value;
}

static int wrong(int error)
{
	errno = error;
	return -1;
}

int listen_fds(void)
{
	const char *pid = getenv("LISTEN_PID"), *fds = getenv("LISTEN_FDS");
	int count;

	if (!pid || !fds)
		return 0;
	if (number_from(pid) < 0)
		return wrong(EINVAL);
	if (number_from(pid) != getpid())
		return 0;
	count = number_from(fds);
	if (count < 0 || count > INT_MAX - LISTEN_FDS_FIRST)
		return wrong(EINVAL);
	for (int fd = LISTEN_FDS_FIRST; fd < LISTEN_FDS_FIRST + count; fd++) {
		int flags = fcntl(fd, F_GETFD);

		if (flags < 0 || fcntl(fd, F_SETFD, flags | FD_CLOEXEC) < 0)
			return wrong(EBADF);
	}
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_FDNAMES");
	return count;
}
