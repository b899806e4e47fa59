/* Packets with descriptors. The hard thing is a sender that means ill: it may send more descriptors than one, or none,
 * and whatever came must be closed again. */
#include "sys/channel_end.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"

#define SENT_MOST 8

union control {
	struct cmsghdr header;          /* for its alignment */
	char bytes[CMSG_SPACE(SENT_MOST * sizeof(int))];
};

int channel_pair(int ends[2])
{
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return -1;
	if (fd_set_nonblocking(ends[0], true) == 0)
		return 0;
	fd_close(&ends[0]);
	fd_close(&ends[1]);
	return -1;
}

/* The first of those sent; the others are closed. */
static int take_one(const struct cmsghdr *header, int kept)
{
	size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
	int list[SENT_MOST];

	if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS)
		return kept;
	count = count > SENT_MOST ? SENT_MOST : count;
	memcpy(list, CMSG_DATA(header), count * sizeof(int));
	for (size_t n = 0; n < count; n++) {
		if (kept < 0)
			kept = list[n];
		else
			close(list[n]);
	}
	return kept;
}

ssize_t channel_take(int end, char *to, size_t size, int *descriptor)
{
	union control control;
	struct iovec part = { to, size };
	struct msghdr message = {
		.msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control)
	};
	ssize_t got = recvmsg(end, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

	*descriptor = -1;
	if (got < 0)
		return -1;
	for (struct cmsghdr *at = CMSG_FIRSTHDR(&message); at; at = CMSG_NXTHDR(&message, at))
		*descriptor = take_one(at, *descriptor);
	if (!(message.msg_flags & MSG_TRUNC))
		return got;
	fd_close(descriptor);
	errno = EMSGSIZE;
	return -1;
}

bool channel_give(int end, int descriptor)
{
	union control control = {
		.header = { .cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS }
	};
	char byte = 0;
	struct iovec part = { &byte, 1 };
	struct msghdr message = {
		.msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = CMSG_SPACE(sizeof(int))
	};

	memcpy(CMSG_DATA(&control.header), &descriptor, sizeof(int));
	return sendmsg(end, &message, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0;
}

ino_t channel_identify(int fd)
{
	struct stat status;

	return fstat(fd, &status) == 0 && S_ISSOCK(status.st_mode) ? status.st_ino : 0;
}
