/* Keeps one service available: its state, listeners, instances, pauses and counters. Its configuration is in its row,
 * which never changes; a reload gives the keeper another row.
 *
 * Every event goes through keeper_event, which looks into the table of transitions. Nothing else changes the state. */
#pragma once

#include <stdbool.h>

#include "engine/instance/instance.h"
#include "engine/runtime/runtime.h"

/* A keeper in state OFF. NULL: out of memory. */
struct keeper *keeper_new(struct engine *engine, struct table *table, const struct service *service);
void keeper_free(struct keeper *keeper);        /* closes what is open; instances must be gone or left to themselves */

void keeper_event(struct keeper *keeper, enum happening happening);

/* Lets services hear of the events that were posted to them (engine/core/events). May free those of which nothing is
 * left. */
void keepers_hear(struct engine *engine);

/* The same for one of them, whose state the caller wants to know; frees nothing. */
void keeper_hear(struct keeper *keeper);

/* Goes on under a row with the same sockets; changed: it differs from the former row. */
void keeper_adopt(struct keeper *keeper, struct table *table, const struct service *service, bool changed);

/* Closes the sockets whose nodes somebody has removed or replaced, which is logged, and opens them anew: at once, or
 * where an instance has them when that has ended. */
void keeper_reopen_unreachable(struct keeper *keeper);

/* Replaces its listeners by those given, which it owns from now on (the caller frees the old array), and goes on
 * under a row with other sockets. A running instance ends by itself or is stopped, as on_remove says, beside its
 * successor. */
void keeper_replace(struct keeper *keeper, struct table *table, const struct service *service,
		    struct listener *listeners);

/* Removes a service that the table has no more. Its instances may run on, in engine->leaving, and an instance keeps the
 * sockets it has. */
void keeper_remove(struct keeper *keeper);

/* A table has the service again: takes the keeper out of engine->leaving. The caller lets it adopt the row. */
void keeper_return(struct keeper *keeper);

/* true: a removed keeper goes on with its instance and the sockets, or would, if it were removed now. */
bool keeper_runs_on(const struct keeper *keeper);

/* "leaving" if it is removed, else the name of its state. */
const char *keeper_state_name(const struct keeper *keeper);

void keeper_hold(struct keeper *keeper, bool held);
void keeper_end_drain(struct keeper *keeper);   /* ends the hold of a drain, once it is empty */

/* Called by libev when a listener is ready; for listener_init. */
void keeper_on_ready(struct ev_loop *loop, ev_io *io, int events);

/* Nothing is left but instances of accept = no that a reload has left alone: such an instance accepts clients
 * itself, at the sockets it has, for as long as it likes. */
bool keeper_has_drained(struct keeper *keeper);

void keeper_rewatch(struct keeper *keeper);
