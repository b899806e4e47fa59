/* superd's view of its guard (os/guard/guard): the ends of processes that are the guard's children, and the guard's
 * own. */
#pragma once

#include "superd/supervisor/supervisor.h"

/* Begins to receive the guard's messages; does nothing without a guard. */
void guard_watch_begin(struct guard_watch *watch);

/* Called when the services of the previous superd are loaded. That superd may have reaped a process in its last moment:
 * this reports its end. Processes of a lost guard are children of another process: this watches them. */
void guard_watch_take_lost(struct guard_watch *watch);

/* Checks whether the guard runs, and starts another one if it does not. Called when superd serves, because the guard
 * may have ended before superd could notice, and after each SIGCHLD without a child. */
void guard_watch_look(struct guard_watch *watch);
