/* The standard streams of a start. */
#pragma once

#include <stdbool.h>

#include "lib/buf.h"
#include "superd/launch/fd_map.h"
#include "superd/launch/start_kit.h"
#include "superd/loop/engine.h"
#include "table/service/service.h"

/* Sets the standard streams in the fd map, which has the sockets already; socket is the first of them, -1: none.
 * fd_map->console takes the place of the streams that the table sets, except those that are a socket, and an input that
 * is a file or data. false: the reason is in why and errno. */
bool stdio_place(struct fd_map *fd_map, const struct start_kit *kit, const struct service *service, int socket,
		 struct buf *why);

/* The same for a command beside the main program, which has no sockets. */
bool stdio_place_beside(struct fd_map *fd_map, const struct start_kit *kit, const struct service *service,
			struct buf *why);
