/* Twins of unix sockets, for os/socket/reuseport alone. */
#pragma once

#include "os/socket/reuseport.h"

bool reuseport_unix_is_possible(const struct listen *listen);
int reuseport_unix_open(int fd, const struct listen *listen, struct buf *why, struct buf *warnings);
