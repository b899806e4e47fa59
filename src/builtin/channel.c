/* Sends packets to superd, and receives descriptors from it. */
#include "builtin/channel.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>

#include "builtin/poll_deadline.h"
#include "lib/clock.h"
#include "lib/fd_message.h"

#define SHORTAGE 100                    /* milliseconds until the next try, if memory ran out */

bool channel_send(int channel, const char *text, size_t length)
{
	ssize_t sent;

	do
		sent = send(channel, text, length, MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	return sent >= 0;
}

/* Whether to receive again: the message, and the client in it, is still there. */
static bool may_pass(int64_t until)
{
	if (errno == EINTR)
		return true;
	if ((errno != ENOMEM && errno != ENOBUFS) || clock_ms() >= until)
		return false;
	poll(NULL, 0, SHORTAGE);
	return true;
}

int channel_receive(int channel, int timeout_ms, uint64_t *id)
{
	int64_t until = clock_ms() + timeout_ms;
	uint64_t none = 0, *bytes = id ? id : &none;
	size_t count;
	int descriptor;
	ssize_t got;

	if (!poll_deadline(channel, POLLIN, until)) {
		errno = ETIMEDOUT;
		return -1;
	}
	do {
		count = 1;
		got = fd_message_receive(channel, bytes, sizeof(*bytes), &descriptor, &count, MSG_DONTWAIT);
	} while (got < 0 && may_pass(until));
	if (got < 0)
		return -1;
	if (count)
		return descriptor;
	errno = id && got == sizeof(*id) ? ENOMSG : EPIPE;
	return -1;
}
