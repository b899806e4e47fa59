/* SO_PASSRIGHTS, and MSG_PEEK without room for descriptors: the kernel then installs none and sets MSG_CTRUNC
 * (recvmsg(2)). A peek at a stream ends with the first part that carries descriptors. */
#include "lib/scm_rights.h"

#include <errno.h>
#include <sys/socket.h>

#define DATAGRAMS_MOST 1024

/* Linux 6.16. If SO_DOMAIN has the generic number, so has this. */
#if !defined(SO_PASSRIGHTS)
#if SO_DOMAIN == 39
#define SO_PASSRIGHTS 83
#endif
#endif

#ifdef SO_PASSRIGHTS
bool scm_rights_allow(int fd, bool allowed)
{
	int on = allowed;

	return setsockopt(fd, SOL_SOCKET, SO_PASSRIGHTS, &on, sizeof(on)) == 0;
}

bool scm_rights_are_refused(int fd)
{
	int on = 1;
	socklen_t size = sizeof(on);

	return getsockopt(fd, SOL_SOCKET, SO_PASSRIGHTS, &on, &size) == 0 && !on;
}
#else
bool scm_rights_allow(int fd, bool allowed)
{
	(void)fd, (void)allowed;
	errno = ENOPROTOOPT;
	return false;
}

bool scm_rights_are_refused(int fd)
{
	(void)fd;
	return false;
}
#endif

ssize_t scm_rights_peek(int fd, void *to, size_t size, bool *carries)
{
	struct iovec part = { to, size };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };
	ssize_t got = recvmsg(fd, &message, MSG_PEEK | MSG_DONTWAIT);

	*carries = got >= 0 && message.msg_flags & MSG_CTRUNC;
	return got;
}

void scm_rights_watch_urgent(int fd)
{
	int on = 1;

	setsockopt(fd, SOL_SOCKET, SO_OOBINLINE, &on, sizeof(on));
}

static bool discard_plain_datagrams(int fd)
{
	bool carries;

	for (int n = 0; n < DATAGRAMS_MOST; n++) {
		if (scm_rights_peek(fd, NULL, 0, &carries) < 0)
			return true;
		if (carries)
			return false;
		if (recv(fd, NULL, 0, MSG_DONTWAIT) < 0)
			return true;
	}
	return false;
}

bool scm_rights_shut(int fd, int *client)
{
	int type = 0;
	socklen_t size = sizeof(type);

	*client = -1;
	if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) < 0 || shutdown(fd, SHUT_RDWR) < 0)
		return false;
	if (type == SOCK_DGRAM)
		return discard_plain_datagrams(fd);
	*client = accept(fd, NULL, NULL);       /* never blocks, as the listener is shut down */
	return *client < 0;
}
