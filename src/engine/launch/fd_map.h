/* The descriptors of one start, and their places in the child. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "engine/launch/fdstore.h"
#include "exec/child/stream_file.h"

#define WIRING_SMALL 8

/* The descriptors of one start. Those that had to be opened or copied for it are closed by fd_map_close: up to two for
 * each that is wanted, as one that was opened at a high number is copied to a low one. */
struct fd_map {
	int *wanted;
	int count;
	int others;                     /* descriptors behind the sockets that are no sockets */
	int small[WIRING_SMALL];
	int *own;
	int own_count, own_most;
	int own_small[2 * WIRING_SMALL];
	struct stream_file files[3];    /* files of the standard streams that the child opens */
	bool has_files;
	char *file_names;               /* names of open_file, as ":a:b"; NULL: none */
};

/* Makes it empty, with room for so many sockets and additions. false: out of memory. */
bool fd_map_room(struct fd_map *fd_map, size_t sockets);
void fd_map_close(struct fd_map *fd_map);

int fd_map_low(struct fd_map *fd_map, int fd);  /* returns the same file at a low number; -1 and errno */
int fd_map_own(struct fd_map *fd_map, int fd);  /* fd_map_close closes it; returns fd, -1 too */

/* Adds the descriptors of the store, behind the sockets. false: that failed, for the reason in why. */
bool fd_map_add_store(struct fd_map *fd_map, const struct fdstore *store, struct buf *why);

/* Adds a descriptor for the child that is no socket; owns it also on failure. false and errno. */
bool fd_map_add(struct fd_map *fd_map, int fd);
