/* The buffer of a relay: recv(2) and send(2), or a pipe after buffer_use_pipe.
 *
 * ROOM fits into a processor's cache. With more, the copies cost more than the system calls that they save. */
#include "helper/builtin/buffer.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fd.h"

#define ROOM (64 << 10)                 /* bytes */

bool buffer_open(struct relay_buffer *buffer)
{
	*buffer = (struct relay_buffer){ .pipe = { -1, -1 } };
	buffer->bytes = malloc(ROOM);
	return buffer->bytes;
}

void buffer_close(struct relay_buffer *buffer)
{
	free(buffer->bytes);
	buffer->bytes = NULL;
	fd_close(&buffer->pipe[0]);
	fd_close(&buffer->pipe[1]);
}

bool buffer_use_pipe(struct relay_buffer *buffer)
{
	if (buffer->pipe[0] >= 0)
		return true;
	if (!buffer_splice_open(buffer->pipe))
		return false;
	free(buffer->bytes);
	buffer->bytes = NULL;
	return true;
}

ssize_t buffer_fill(struct relay_buffer *buffer, int from)
{
	ssize_t got;

	if (buffer->pipe[0] >= 0)
		got = buffer_splice_fill(buffer->pipe[1], from);
	else
		got = recv(from, buffer->bytes, ROOM, MSG_DONTWAIT);
	buffer->start = 0;
	buffer->held = got > 0 ? (size_t)got : 0;
	return got;
}

ssize_t buffer_drain(struct relay_buffer *buffer, int to)
{
	ssize_t sent;

	if (buffer->pipe[0] >= 0)
		sent = buffer_splice_drain(buffer->pipe[0], to, buffer->held);
	else
		sent = send(to, buffer->bytes + buffer->start, buffer->held, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (sent > 0) {
		buffer->start += (size_t)sent;
		buffer->held -= (size_t)sent;
	}
	return sent;
}
