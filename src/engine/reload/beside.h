/* Opens a second socket at an address that a process of superd's own still has from an earlier row, if the kernel
 * allows two, so that clients are served all the same. */
#pragma once

#include "base/buf.h"
#include "engine/service/keeper.h"

/* Binds as bind_listen does, which has failed with EADDRINUSE. -1, with why unchanged: no process of superd has the
 * address, or two sockets are impossible. */
int beside_open(struct engine *engine, const struct listen *listen, struct buf *why, struct buf *warnings);

/* Two sockets are impossible: stops the instance that has the address, once the clients that wait there are served;
 * then the bind is tried again. */
void beside_hurry(struct keeper *keeper, const struct listener *listener);
