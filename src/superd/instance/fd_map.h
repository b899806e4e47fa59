/* The fd map of a start: the descriptors of superd that the child gets, and their numbers in the child. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "exec/child/stream_file.h"
#include "lib/buf.h"
#include "superd/instance/fdstore.h"
#include "superd/loop/engine.h"
#include "table/service/service.h"

struct service_runtime;

#define FD_MAP_SMALL 8

/* wanted[n] becomes descriptor n of the child: 0 to 2 are the standard streams, then the sockets, then the others.
 * The map owns descriptors that were opened or copied for the start, up to two for each wanted one: a descriptor with
 * a high number gets a low copy. fd_map_close closes them. */
struct fd_map {
	int *wanted;                    /* descriptors of superd; `small`, or allocated */
	int count;                      /* entries of wanted */
	int others;                     /* descriptors behind the sockets that LISTEN_FDS does not count */
	int small[FD_MAP_SMALL];
	int *own;                       /* descriptors that fd_map_close closes */
	int own_count, own_most;        /* entries of own; room for them */
	int own_small[2 * FD_MAP_SMALL];
	struct stream_file files[3];    /* files of the standard streams that the child opens */
	bool has_files;                 /* files has an entry */
	struct buf names;               /* LISTEN_FDNAMES=…, of those behind the streams; empty: there are none */
};

/* Initializes an empty map with room for `sockets` descriptors behind the standard streams, and a few more. false:
 * out of memory. */
bool fd_map_room(struct fd_map *fd_map, size_t sockets);
void fd_map_close(struct fd_map *fd_map);

int fd_map_low(struct fd_map *fd_map, int fd);  /* returns fd, or a copy at a low number; -1 and errno */
int fd_map_own(struct fd_map *fd_map, int fd);  /* fd_map_close will close fd; returns fd, also -1 */

/* Adds a copy of a socket or a file, under this name. false and errno. */
bool fd_map_pass(struct fd_map *fd_map, int fd, const char *name);

/* Adds the descriptors of the store, behind the sockets. false: that failed, for the reason in why. */
bool fd_map_add_store(struct fd_map *fd_map, const struct fdstore *store, struct buf *why);

/* Adds a descriptor that is no socket. Owns it, also on failure: false and errno. */
bool fd_map_add(struct fd_map *fd_map, int fd);

/* Sets the standard streams in the fd map, which has the sockets already; socket is the first of them, -1: none.
 * is_beside: of a command beside the main program, which has no sockets. false: the reason is in why and errno. */
bool stdio_place(struct fd_map *fd_map, const struct service_runtime *runtime, int socket, bool is_beside,
		 struct buf *why);
