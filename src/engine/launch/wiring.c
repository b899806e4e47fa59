/* The descriptors of a start. A child unshares all numbers up to the highest it needs (exec/spawn/spawn), so every
 * descriptor it needs gets a low number first. */
#include "engine/launch/wiring.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"

int wiring_own(struct wiring *wiring, int fd)
{
	if (fd < 0)
		return fd;
	assert(wiring->own_count < wiring->own_most);
	wiring->own[wiring->own_count++] = fd;
	return fd;
}

int wiring_low(struct wiring *wiring, int fd)
{
	return fd < FD_HIGH ? fd : wiring_own(wiring, fcntl(fd, F_DUPFD_CLOEXEC, 3));
}

bool wiring_room(struct wiring *wiring, size_t sockets)
{
	size_t most = sockets + 6;

	memset(wiring, 0, sizeof(*wiring));
	wiring->wanted = wiring->small;
	wiring->own = wiring->own_small;
	wiring->own_most = 2 * (int)(most > WIRING_SMALL ? most : WIRING_SMALL);
	if (most <= WIRING_SMALL)
		return true;
	wiring->wanted = calloc(3 * most, sizeof(int));
	wiring->own = wiring->wanted ? wiring->wanted + most : NULL;
	return wiring->wanted;
}

bool wiring_add_store(struct wiring *wiring, const struct store *store, struct buf *why)
{
	if (!store)
		return true;
	LIST_EACH(link, &store->kept) {
		int fd = wiring_low(wiring, container_of(link, const struct kept, link)->fd);

		if (fd < 0) {
			buf_addf(why, "passing stored descriptors: %s", strerror(errno));
			return false;
		}
		wiring->wanted[wiring->count++] = fd;
	}
	return true;
}

bool wiring_add(struct wiring *wiring, int fd)
{
	int at = wiring_low(wiring, wiring_own(wiring, fd));

	if (at < 0)
		return false;
	wiring->wanted[wiring->count++] = at;
	wiring->others++;
	return true;
}

void wiring_close(struct wiring *wiring)
{
	for (int n = 0; n < wiring->own_count; n++)
		close(wiring->own[n]);
	wiring->own_count = 0;
	free(wiring->file_names);
	wiring->file_names = NULL;
	if (wiring->wanted != wiring->small)
		free(wiring->wanted);
	wiring->wanted = wiring->small;
}
