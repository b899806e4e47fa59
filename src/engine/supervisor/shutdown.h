/* superd's end, from the order to stop until the last process has gone:
 *
 *   the delay      everything goes on as before, listeners too (--stop-delay)
 *   the stop       services and the main command are told to end, no listener is left
 *   the sweep      they have ended, and whatever else is left under superd is told to
 *
 * The stop and the sweep share one deadline (--stop-timeout), behind which all that is left is killed; whoever is told
 * in the sweep has a part of it also where a service hangs. superd goes the moment nobody is left. */
#pragma once

#include "engine/supervisor/supervisor.h"

void shutdown_init(struct supervisor *supervisor);

/* Begins the stop, without a delay. The signal is the main command's. */
void shutdown_begin(struct supervisor *supervisor, int signal);

/* Goes on when something has ended: to the sweep, to the end. */
void shutdown_check(struct supervisor *supervisor);

void shutdown_free(struct supervisor *supervisor);
