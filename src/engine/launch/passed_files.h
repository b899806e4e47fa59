/* The files of open_file: opened for one start, behind its sockets and the descriptors of the store. */
#pragma once

#include <stdbool.h>

#include "base/buf.h"
#include "config/service/service.h"
#include "engine/launch/fd_map.h"

/* Adds them to the wiring, and their names to wiring->file_names. false: that failed, for the reason in why. */
bool passed_files_open(struct fd_map *fd_map, const struct service *service, struct buf *why);
