/* The files of open_file: opened for one start, behind its sockets and what the store holds. */
#pragma once

#include <stdbool.h>

#include "base/buf.h"
#include "config/option/service.h"
#include "engine/launch/wiring.h"

/* Opens them into the wiring, and their names into wiring->file_names. false with the reason in why. */
bool handed_files_open(struct wiring *wiring, const struct service *service, struct buf *why);
