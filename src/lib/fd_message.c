/* Descriptors in messages of a unix socket. cmsg(3) requires the alignment and size of union control. */
#include "lib/fd_message.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/fd.h"

union control {
	struct cmsghdr header;
	char bytes[CMSG_SPACE(FD_MESSAGE_MOST * sizeof(int)) + CMSG_SPACE(sizeof(struct ucred))];
};

bool fd_message_send(int to, const void *bytes, size_t size, const int *fds, size_t count, int flags)
{
	union control control = { .header = { .cmsg_len = CMSG_LEN(count * sizeof(int)), .cmsg_level = SOL_SOCKET,
					      .cmsg_type = SCM_RIGHTS } };
	struct iovec part = { (void *)(uintptr_t)bytes, size };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };

	if (count) {
		memcpy(CMSG_DATA(&control.header), fds, count * sizeof(int));
		message.msg_control = &control;
		message.msg_controllen = CMSG_SPACE(count * sizeof(int));
	}
	return sendmsg(to, &message, flags | MSG_NOSIGNAL) >= 0;
}

/* Copies the descriptors out of the only SCM_RIGHTS header. Alignment, and the room for credentials that did not come,
 * can let the kernel pass more than `most`: the excess is closed. */
static size_t copy_fds(struct msghdr *message, int *fds, size_t most)
{
	for (struct cmsghdr *at = CMSG_FIRSTHDR(message); at; at = CMSG_NXTHDR(message, at)) {
		size_t count = (at->cmsg_len - CMSG_LEN(0)) / sizeof(int);

		if (at->cmsg_level != SOL_SOCKET || at->cmsg_type != SCM_RIGHTS)
			continue;
		for (; count > most; count--) {
			int excess;

			memcpy(&excess, CMSG_DATA(at) + (count - 1) * sizeof(int), sizeof(int));
			close(excess);
		}
		memcpy(fds, CMSG_DATA(at), count * sizeof(int));
		return count;
	}
	return 0;
}

ssize_t fd_message_receive(int from, void *bytes, size_t size, int *fds, size_t *count, int flags)
{
	union control control;
	struct iovec part = { bytes, size };
	struct msghdr message = {
		.msg_iov = &part, .msg_iovlen = 1, .msg_control = &control,
		.msg_controllen = CMSG_SPACE(*count * sizeof(int)) + CMSG_SPACE(sizeof(struct ucred)),
	};
	ssize_t got = recvmsg(from, &message, flags | MSG_CMSG_CLOEXEC);

	*count = got >= 0 ? copy_fds(&message, fds, *count) : 0;
	return got;
}

/* SO_PASSRIGHTS, and MSG_PEEK without room for descriptors: the kernel then installs none and sets MSG_CTRUNC
 * (recvmsg(2)). A peek at a stream ends with the first part that carries descriptors. */

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
#else
bool scm_rights_allow(int fd, bool allowed)
{
	(void)fd, (void)allowed;
	errno = ENOPROTOOPT;
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

/* superd's end of a channel of packets to one of its helper programs. The other end may be hostile: the kernel refuses
 * descriptors that it sends (Linux 6.16, lib/fd_message.c), or superd leaves them in the queue. So superd neither
 * receives nor closes them. */

ssize_t fd_channel_receive(int end, char *to, size_t size)
{
	bool carries;
	ssize_t got = scm_rights_peek(end, to, size, &carries);

	if (carries) {
		errno = EPERM;
		return -1;
	}
	if (got < 0)
		return -1;
	if (got == 0) {                 /* it would leave errno at EAGAIN of an earlier call */
		errno = EPIPE;
		return 0;
	}
	got = recv(end, to, size, MSG_DONTWAIT | MSG_TRUNC);
	if (got <= (ssize_t)size)
		return got;
	errno = EMSGSIZE;
	return -1;
}
