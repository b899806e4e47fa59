/* Opens the files of open_file for one start. They come behind its sockets and the descriptors of the fd store. */
#pragma once

#include <stdbool.h>

#include "lib/buf.h"
#include "superd/launch/fd_map.h"
#include "table/service/service.h"

/* Adds them to the fd map, and their names to fd_map->file_names. false: that failed, for the reason in why. */
bool passed_files_open(struct fd_map *fd_map, const struct service *service, struct buf *why);
