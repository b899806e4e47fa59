/* The buffer of a relay: recv(2) and send(2), or a pipe after buffer_use_pipe.
 *
 * BUFFER_ROOM fits into a processor's cache. With more, the copies cost more than the system calls that they save. Most
 * of many connections are quiet at any moment, so a buffer has memory only while it holds bytes. */
#include "builtin/buffer.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/fd.h"

/* malloc(3) would give large memory back to the kernel, and get it anew for each connection. */
static void take_memory(struct relay_buffer *buffer)
{
	struct buffer_spares *spares = buffer->spares;

	buffer->bytes = spares && spares->count ? spares->list[--spares->count] : malloc(BUFFER_ROOM);
}

static void give_memory(struct relay_buffer *buffer)
{
	struct buffer_spares *spares = buffer->spares;

	if (buffer->bytes && spares && spares->count < BUFFER_SPARES)
		spares->list[spares->count++] = buffer->bytes;
	else
		free(buffer->bytes);
	buffer->bytes = NULL;
}

void buffer_spares_free(struct buffer_spares *spares)
{
	while (spares->count)
		free(spares->list[--spares->count]);
}

void buffer_open(struct relay_buffer *buffer)
{
	*buffer = (struct relay_buffer){ .pipe = { -1, -1 } };
}

void buffer_close(struct relay_buffer *buffer)
{
	give_memory(buffer);
	fd_close(&buffer->pipe[0]);
	fd_close(&buffer->pipe[1]);
}

void buffer_rest(struct relay_buffer *buffer)
{
	if (!buffer->held)
		buffer_close(buffer);
}

bool buffer_use_pipe(struct relay_buffer *buffer)
{
	if (buffer->pipe[0] >= 0)
		return true;
	if (!buffer_splice_open(buffer->pipe))
		return false;
	give_memory(buffer);
	return true;
}

static ssize_t fill_once(struct relay_buffer *buffer, int from)
{
	return buffer->pipe[0] >= 0 ? buffer_splice_fill(buffer->pipe[1], from)
				    : recv(from, buffer->bytes, BUFFER_ROOM, MSG_DONTWAIT);
}

static ssize_t drain_once(struct relay_buffer *buffer, int to)
{
	return buffer->pipe[0] >= 0
		? buffer_splice_drain(buffer->pipe[0], to, buffer->held)
		: send(to, (buffer->text ? buffer->text : buffer->bytes) + buffer->start, buffer->held,
		       MSG_DONTWAIT | MSG_NOSIGNAL);
}

ssize_t buffer_fill(struct relay_buffer *buffer, int from)
{
	ssize_t got;

	if (buffer->text) {
		buffer->start = 0;
		buffer->held = buffer->text_length;
		return (ssize_t)buffer->held;
	}
	if (buffer->pipe[0] < 0 && !buffer->bytes)
		take_memory(buffer);
	if (buffer->pipe[0] < 0 && !buffer->bytes)
		return -1;              /* errno: ENOMEM */
	do
		got = fill_once(buffer, from);
	while (got < 0 && errno == EINTR);
	buffer->start = 0;
	buffer->held = got > 0 ? (size_t)got : 0;
	return got;
}

ssize_t buffer_drain(struct relay_buffer *buffer, int to)
{
	ssize_t sent;

	do
		sent = to < 0 ? (ssize_t)buffer->held : drain_once(buffer, to);
	while (sent < 0 && errno == EINTR);
	if (sent > 0) {
		buffer->start += (size_t)sent;
		buffer->held -= (size_t)sent;
	}
	return sent;
}
