/* superd's end, from the order to stop until the last process has gone:
 *
 *   the delay      everything goes on as before, listeners too (--stop-delay)
 *   the stop       superd tells services and the main command to end; no listener is left
 *   the sweep      they have ended, and superd tells all other processes below it to end
 *
 * The stop and the sweep share one deadline (--stop-timeout), after which superd kills all that is left. The sweep has
 * a part of that time also if a service hangs. superd exits as soon as no process is left. */
#pragma once

#include "engine/supervisor/supervisor.h"

void shutdown_init(struct supervisor *supervisor);

/* Begins the stop, without a delay. signal: for the main command. */
void shutdown_begin(struct supervisor *supervisor, int signal);

/* Called when something has ended: goes on to the sweep, and to the end. */
void shutdown_check(struct supervisor *supervisor);

void shutdown_free(struct supervisor *supervisor);
