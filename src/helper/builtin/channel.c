/* Sends packets to superd, and receives descriptors from it. */
#include "helper/builtin/channel.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/fd_message.h"
#include "helper/builtin/poll_deadline.h"

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
	size_t count = 1;
	char byte;
	int descriptor;

	if (!poll_deadline(channel, POLLIN, clock_ms() + timeout_ms)) {
		errno = ETIMEDOUT;
		return -1;
	}
	if (fd_message_receive(channel, &byte, 1, &descriptor, &count, MSG_DONTWAIT) < 0)
		return -1;
	if (count)
		return descriptor;
	errno = EPIPE;
	return -1;
}
