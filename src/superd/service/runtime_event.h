/* Runs the state machine of one service: its state, listeners, instances, pauses and counters. The configuration of
 * a service is its entry in the table, which never changes; a reload gives the runtime another entry.
 *
 * Every event goes through runtime_event, which looks it up in the state tables. Other code only changes the region
 * admin, by service_ordered. */
#pragma once

#include <stdbool.h>

#include "superd/instance/instance.h"
#include "superd/instance/runtime.h"

/* Makes a runtime in state OFF. NULL: out of memory. */
struct service_runtime *runtime_new(struct engine *engine, struct table *table, const struct service *service);
/* Frees a runtime, and closes its sockets. Its instances must have ended or been abandoned (shared_run_abandon). */
void runtime_free(struct service_runtime *runtime);

void runtime_event(struct service_runtime *runtime, enum service_event service_event);

/* Handles the events that were posted to services (superd/loop/events). May free removed runtimes. */
void runtimes_hear(struct engine *engine);

/* The same for one service, whose state the caller needs to know; frees nothing. */
void runtime_hear(struct service_runtime *runtime);

/* Adopts an entry with the same sockets. changed: it differs from the old entry. */
void runtime_adopt(struct service_runtime *runtime, struct table *table, const struct service *service, bool changed);

/* Closes sockets that rest, if they are closed meanwhile (trigger_limit_action); and looks at sockets that have rested,
 * or could not be opened. */
void runtime_close_resting(struct service_runtime *runtime);
void runtime_look_at_sockets(struct service_runtime *runtime);

/* Opens absent sockets, once their conditions were checked; with `all`, those whose conditions did not hold are checked
 * again. */
void runtime_look_for_absent(struct service_runtime *runtime, bool all);

/* Drops a check of conditions that is under way. false: none is. */
bool runtime_forget_conditions(struct service_runtime *runtime);

/* Closes sockets whose file was removed or replaced, logs that, and opens them again: at once, or, if an instance has
 * them, after it has ended. */
void runtime_reopen_unreachable(struct service_runtime *runtime);

/* Adopts an entry with other sockets. The runtime owns `listeners` from now on; the caller frees the old ones. A
 * running instance ends by itself or is stopped, by on_remove, beside its successor. */
void runtime_replace(struct service_runtime *runtime, struct table *table, const struct service *service,
		     struct listener *listeners);
void runtime_free_listeners(struct service_runtime *runtime, struct listener *listeners);

/* Removes a service that is no longer configured. Its instances may run on with the sockets they have; the runtime
 * is then in the list `leaving`. */
void runtime_remove(struct service_runtime *runtime);

/* The service is configured again: takes the runtime out of the list `leaving`. The caller lets it adopt the entry. */
void runtime_return(struct service_runtime *runtime);

/* Whether a removed runtime continues with its instance and the sockets, or would, if it were removed now. */
bool runtime_runs_on(const struct service_runtime *runtime);

/* Returns "leaving" if it is removed, else the name of its state. */
const char *runtime_state_name(const struct service_runtime *runtime);

void runtime_end_drain(struct service_runtime *runtime); /* ends the hold of a drain once the service has drained */

/* The callbacks of all listeners, for listeners_init; the third is called for RESTORED. */
void runtime_on_ready(struct ev_loop *loop, ev_io *io, int events);
void runtime_on_restored(struct listener *listener);
void runtime_hear_restored(struct service_runtime *runtime);

/* Whether all instances that had to drain have ended. Instances of accept = no that a reload has left running do not
 * count: they accept clients themselves, at the sockets they have, for as long as they run. */
bool runtime_has_drained(struct service_runtime *runtime);

void runtime_rewatch(struct service_runtime *runtime);
