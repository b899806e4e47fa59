/* The descriptors of a start. A child unshares all numbers up to the highest it needs (superd/spawn/spawn), so every
 * descriptor it needs gets a low number first. */
#include "superd/launch/fd_map.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/fd.h"

int fd_map_own(struct fd_map *fd_map, int fd)
{
	if (fd < 0)
		return fd;
	assert(fd_map->own_count < fd_map->own_most);
	fd_map->own[fd_map->own_count++] = fd;
	return fd;
}

int fd_map_low(struct fd_map *fd_map, int fd)
{
	return fd < FD_HIGH ? fd : fd_map_own(fd_map, fcntl(fd, F_DUPFD_CLOEXEC, 3));
}

bool fd_map_room(struct fd_map *fd_map, size_t sockets)
{
	size_t most = sockets + 6;

	memset(fd_map, 0, sizeof(*fd_map));
	fd_map->wanted = fd_map->small;
	fd_map->own = fd_map->own_small;
	fd_map->own_most = 2 * (int)(most > FD_MAP_SMALL ? most : FD_MAP_SMALL);
	if (most <= FD_MAP_SMALL)
		return true;
	fd_map->wanted = calloc(3 * most, sizeof(int));
	fd_map->own = fd_map->wanted ? fd_map->wanted + most : NULL;
	return fd_map->wanted;
}

bool fd_map_add_store(struct fd_map *fd_map, const struct fdstore *store, struct buf *why)
{
	if (!store)
		return true;
	LIST_EACH(link, &store->kept) {
		int fd = fd_map_low(fd_map, container_of(link, const struct fdstore_entry, link)->fd);

		if (fd < 0) {
			buf_addf(why, "passing stored descriptors: %s", strerror(errno));
			return false;
		}
		fd_map->wanted[fd_map->count++] = fd;
	}
	return true;
}

bool fd_map_add(struct fd_map *fd_map, int fd)
{
	int at = fd_map_low(fd_map, fd_map_own(fd_map, fd));

	if (at < 0)
		return false;
	fd_map->wanted[fd_map->count++] = at;
	fd_map->others++;
	return true;
}

void fd_map_close(struct fd_map *fd_map)
{
	for (int n = 0; n < fd_map->own_count; n++)
		close(fd_map->own[n]);
	fd_map->own_count = 0;
	free(fd_map->file_names);
	fd_map->file_names = NULL;
	if (fd_map->wanted != fd_map->small)
		free(fd_map->wanted);
	fd_map->wanted = fd_map->small;
}
