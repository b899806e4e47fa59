/* Sends packets to superd, and receives descriptors from it. */
#include "builtin/channel.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>

#include "lib/fd.h"
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

enum channel_got channel_receive(int channel, uint64_t *id, int *descriptor)
{
	struct { uint64_t id; char answers; } __attribute__((packed)) bytes = { 0 };
	size_t count = 1;
	ssize_t got;

	do
		got = fd_message_receive(channel, &bytes, sizeof(bytes), descriptor, &count, MSG_DONTWAIT);
	while (got < 0 && errno == EINTR);
	if (!count)
		*descriptor = -1;
	if (got < 0 && errno == EAGAIN)
		return CHANNEL_EMPTY;
	if (got < 0 && (errno == ENOMEM || errno == ENOBUFS)) {
		poll(NULL, 0, SHORTAGE);        /* the message is still there */
		return CHANNEL_EMPTY;
	}
	*id = bytes.id;
	if (got == sizeof(bytes))
		return CHANNEL_ANSWER;
	fd_close(descriptor);
	return CHANNEL_CLOSED;
}
