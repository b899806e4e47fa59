/* Twins of unix sockets, for os/socket/twin alone. */
#pragma once

#include "os/socket/twin.h"

bool twin_unix_is_possible(const struct listen *listen);
int twin_unix(int fd, const struct listen *listen, struct buf *why, struct buf *warnings);
