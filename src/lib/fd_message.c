/* Descriptors in messages of a unix socket. cmsg(3) requires the alignment and size of union control. */
#include "lib/fd_message.h"

#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define GRACE 5000                      /* milliseconds */

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

void fd_message_await_taken(int from)
{
	char word;
	ssize_t got;

	do
		got = read(from, &word, 1);
	while (got < 0 && errno == EINTR);
	if (got <= 0)
		poll(NULL, 0, GRACE);
}
