/* The reader of systemd's units: a .socket with its service, a folder of them, or a .service by itself.
 *
 * Units become builders when all sources are read, because several sockets may activate one service. */
#pragma once

#include "table/reading/reading.h"

extern const struct reader reader_systemd;
