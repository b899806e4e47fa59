/* Finds the processes that a killed superd has left, and takes them over, or ends them. After kill -9 or a lack of
 * memory the services run on, with their sockets, and frozen ones stand still while clients queue.
 *
 * The next superd looks into the folders of control groups beside its own, and thaws frozen processes there. A
 * process of a service that the table still has is taken over with its sockets and its output, as over an upgrade.
 * One that cannot be taken over and has an address that the table wants is ended. The others run on. All of it is
 * logged. */
#pragma once

#include <stdbool.h>

#include "base/buf.h"
#include "base/state_stream.h"
#include "config/table/table.h"
#include "engine/runtime/runtime.h"

/* Called at superd's start, before any socket is bound; takes a second at most for each backend that hangs. true:
 * ledger is for engine/upgrade/load, and the caller frees it; false: there is nothing to take over. */
bool orphans_find(struct engine *engine, const struct table *table, struct state_stream *stream);

/* An operator wants the addresses of this service: ends the orphans that have them. Returns their number; 0: none,
 * for the reason in why. */
unsigned orphans_evict(struct service_runtime *runtime, struct buf *why);
