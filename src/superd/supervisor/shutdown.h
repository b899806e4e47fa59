/* The shutdown, from the order to stop until the last process has ended:
 *
 *   delay   everything goes on as before, listeners too (--stop-delay)
 *   stop    superd stops services and the main command; no listener is left
 *   sweep   these have ended, and superd sends SIGTERM to all other processes below it
 *
 * Stop and sweep share one deadline (--stop-timeout), after which superd kills all that is left. Part of that time is
 * reserved for the sweep, also if a service hangs. superd exits as soon as no process is left. */
#pragma once

#include "superd/supervisor/supervisor.h"

void shutdown_init(struct supervisor *supervisor);

/* Begins the stop, without a delay. signal: for the main command. */
void shutdown_begin(struct supervisor *supervisor, int signal);

/* Called when a process has ended: begins the sweep, or ends superd, when it is time. */
void shutdown_check(struct supervisor *supervisor);

void shutdown_free(struct supervisor *supervisor);
