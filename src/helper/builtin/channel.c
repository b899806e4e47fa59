/* Packets to and from superd, with a descriptor: unix(7), SCM_RIGHTS. cmsg(3) requires the alignment and size of
 * union control. */
#include "helper/builtin/channel.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "helper/builtin/poll_deadline.h"

union control {
	struct cmsghdr header;
	char bytes[CMSG_SPACE(sizeof(int))];
};

bool channel_send(int channel, const char *text, size_t length)
{
	ssize_t sent;

	do
		sent = send(channel, text, length, MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	return sent >= 0;
}

int channel_receive(int channel, int timeout_ms)
{
	union control control;
	char byte;
	struct iovec part = { &byte, 1 };
	struct msghdr message = {
		.msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control)
	};
	int descriptor = -1;

	if (!poll_deadline(channel, POLLIN, clock_ms() + timeout_ms)) {
		errno = ETIMEDOUT;
		return -1;
	}
	if (recvmsg(channel, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC) < 0)
		return -1;
	if (message.msg_controllen < CMSG_LEN(sizeof(int)) || control.header.cmsg_type != SCM_RIGHTS) {
		errno = EPIPE;
		return -1;
	}
	memcpy(&descriptor, CMSG_DATA(&control.header), sizeof(int));
	return descriptor;
}
