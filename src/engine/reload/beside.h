/* An address that a process of superd's own has still, as its row was another before a reload: a socket beside it, where
 * the kernel lets two have it, so that clients are served all the same. */
#pragma once

#include "base/buf.h"
#include "engine/service/keeper.h"

/* Binds as bind_listen does, which has failed with EADDRINUSE. -1, and why as it was: nobody of superd's has it, or two
 * can't have it. */
int beside_open(struct engine *engine, const struct listen *listen, struct buf *why, struct buf *warnings);

/* Two can't have it: who has it is stopped, once those who wait there are served, and the address is tried again. */
void beside_hurry(struct keeper *keeper, const struct listener *listener);
