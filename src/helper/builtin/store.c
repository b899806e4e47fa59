/* The plain way: read and write. The hard thing is how much to read at once: what doesn't fit into the processor's
 * cache costs more by its copy than by its system call. */
#include "helper/builtin/store.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fd.h"

#define ROOM (64 << 10)

bool store_open(struct store *store)
{
	*store = (struct store){ .pipe = { -1, -1 } };
	store->bytes = malloc(ROOM);
	return store->bytes;
}

void store_close(struct store *store)
{
	free(store->bytes);
	store->bytes = NULL;
	fd_close(&store->pipe[0]);
	fd_close(&store->pipe[1]);
}

bool store_use_pipe(struct store *store)
{
	if (store->pipe[0] >= 0)
		return true;
	if (!pipe_open(store->pipe))
		return false;
	free(store->bytes);
	store->bytes = NULL;
	return true;
}

ssize_t store_fill(struct store *store, int from)
{
	ssize_t got;

	if (store->pipe[0] >= 0)
		got = pipe_fill(store->pipe[1], from);
	else
		got = recv(from, store->bytes, ROOM, MSG_DONTWAIT);
	store->start = 0;
	store->held = got > 0 ? (size_t)got : 0;
	return got;
}

ssize_t store_drain(struct store *store, int to)
{
	ssize_t sent;

	if (store->pipe[0] >= 0)
		sent = pipe_drain(store->pipe[0], to, store->held);
	else
		sent = send(to, store->bytes + store->start, store->held, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (sent > 0) {
		store->start += (size_t)sent;
		store->held -= (size_t)sent;
	}
	return sent;
}
