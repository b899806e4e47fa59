/* Finds processes that a killed superd has left, and takes them over, or stops them. After kill -9 or the OOM killer
 * the services run on with their sockets, and frozen ones stay frozen while clients queue.
 *
 * The next superd searches the control groups beside its own, and thaws frozen processes there. It takes over a
 * process of a service that the table still has, with its sockets and its output, as over an upgrade. It stops a
 * process that cannot be taken over and has an address that the table needs. Other processes run on. superd logs all
 * of this. */
#pragma once

#include <stdbool.h>

#include "base/buf.h"
#include "config/table/table.h"
#include "engine/runtime/runtime.h"
#include "engine/serialize/state_stream.h"

/* Called at superd's start, before any socket is bound; takes at most a second for each backend that hangs, and ten
 * seconds in all. true: stream is for engine/upgrade/load, and the caller frees it; false: there is nothing to take
 * over. */
bool orphans_find(struct engine *engine, const struct table *table, struct state_stream *stream);

/* Stops the orphans that have addresses of this service, for an operator. Returns their number; 0: none, for the
 * reason in why. */
unsigned orphans_evict(struct service_runtime *runtime, struct buf *why);
