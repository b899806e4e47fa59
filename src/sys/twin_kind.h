/* Twins of unix sockets, for sys/twin alone. */
#pragma once

#include "sys/twin.h"

bool twin_unix_is_possible(const struct listen *listen);
int twin_unix(int fd, const struct listen *listen, struct buf *why, struct buf *warnings);
