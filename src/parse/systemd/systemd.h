/* The reader of systemd's units: a .socket with its service, a folder of them, or a .service by itself.
 *
 * What is asked for is kept until all sources are read, as several sockets may lead to one service. */
#pragma once

#include "parse/reading.h"

extern const struct reader reader_systemd;
