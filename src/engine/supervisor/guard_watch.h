/* What superd learns of its guard (os/guard/guard): the ends of processes that are the guard's children, and the guard's
 * own. */
#pragma once

#include "engine/supervisor/supervisor.h"

/* Begins to hear the guard; nothing, where there is none. */
void guard_watch_begin(struct guard_watch *watch);

/* Called when the services of the superd before are loaded. That superd may have reaped a process in its last moment,
 * and processes that belonged to a lost guard are others' children: of the first it is told that they have ended, the
 * others are watched. */
void guard_watch_take_lost(struct guard_watch *watch);

/* Looks whether the guard is there, and starts another one if it is not. Called after each SIGCHLD without a child. */
void guard_watch_look(struct guard_watch *watch);
