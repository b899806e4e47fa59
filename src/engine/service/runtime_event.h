/* Keeps one service available: its state, listeners, instances, pauses and counters. Its configuration is in its row,
 * which never changes; a reload gives the runtime another row.
 *
 * Every event goes through runtime_event, which looks into the table of transitions. Nothing else changes the state. */
#pragma once

#include <stdbool.h>

#include "engine/instance/instance.h"
#include "engine/runtime/runtime.h"

/* A runtime in state OFF. NULL: out of memory. */
struct service_runtime *runtime_new(struct engine *engine, struct table *table, const struct service *service);
void runtime_free(struct service_runtime *runtime); /* closes what is open; instances must be gone or left to themselves */

void runtime_event(struct service_runtime *runtime, enum service_event service_event);

/* Lets services hear of the events that were posted to them (engine/core/events). May free those of which nothing is
 * left. */
void runtimes_hear(struct engine *engine);

/* The same for one of them, whose state the caller wants to know; frees nothing. */
void runtime_hear(struct service_runtime *runtime);

/* Goes on under a row with the same sockets; changed: it differs from the former row. */
void runtime_adopt(struct service_runtime *runtime, struct table *table, const struct service *service, bool changed);

/* Closes the sockets whose nodes somebody has removed or replaced, which is logged, and opens them anew: at once, or
 * where an instance has them when that has ended. */
void runtime_reopen_unreachable(struct service_runtime *runtime);

/* Replaces its listeners by those given, which it owns from now on (the caller frees the old array), and goes on
 * under a row with other sockets. A running instance ends by itself or is stopped, as on_remove says, beside its
 * successor. */
void runtime_replace(struct service_runtime *runtime, struct table *table, const struct service *service,
		     struct listener *listeners);

/* Removes a service that the table has no more. Its instances may run on, in the list `leaving`, and an instance keeps the
 * sockets it has. */
void runtime_remove(struct service_runtime *runtime);

/* A table has the service again: takes the runtime out of the list `leaving`. The caller lets it adopt the row. */
void runtime_return(struct service_runtime *runtime);

/* true: a removed runtime goes on with its instance and the sockets, or would, if it were removed now. */
bool runtime_runs_on(const struct service_runtime *runtime);

/* "leaving" if it is removed, else the name of its state. */
const char *runtime_state_name(const struct service_runtime *runtime);

void runtime_end_drain(struct service_runtime *runtime); /* ends the hold of a drain, once it is empty */

/* Called by libev when a listener is ready; for listener_init. */
void runtime_on_ready(struct ev_loop *loop, ev_io *io, int events);

/* Nothing is left but instances of accept = no that a reload has left alone: such an instance accepts clients
 * itself, at the sockets it has, for as long as it likes. */
bool runtime_has_drained(struct service_runtime *runtime);

void runtime_rewatch(struct service_runtime *runtime);
