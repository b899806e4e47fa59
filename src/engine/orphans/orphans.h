/* Finding what a superd that was killed has left, and going on with it, or ending it. A superd is killed by kill -9 or by a
 * lack of memory: then its services run on, with their sockets, and those that were frozen stand still while clients queue.
 *
 * The next superd looks into the folders of control groups beside its own. What is frozen there goes on. A process of a
 * service that the table still has is taken over with its sockets and its output, as over an upgrade; one that has an
 * address which the table wants, but can't be taken over, is ended; the others run on. All of it is logged. */
#pragma once

#include <stdbool.h>

#include "base/buf.h"
#include "base/ledger.h"
#include "config/table/table.h"
#include "engine/service/keeper.h"

/* At superd's start, before any socket is bound; it takes a second at most for each backend that keeps it waiting. true:
 * ledger is what engine/upgrade/resume goes on with, to be freed then; false: there is nothing to go on with. */
bool orphans_find(struct engine *engine, const struct table *table, struct ledger *ledger);

/* An operator wants the addresses of this service: ends those that have them. The number of them; 0 with the reason in why. */
unsigned orphans_evict(struct keeper *keeper, struct buf *why);
