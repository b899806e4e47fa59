/* What a frozen backend is connected to elsewhere: a database, a peer, a listener of its own making. Its sockets are copied
 * (exec/processes/socket_copy) and watched by superd until one of them is ready. */
#pragma once

#include <ev.h>
#include <stdbool.h>
#include <sys/types.h>

#include "engine/service/keeper.h"
#include "exec/processes/socket_copy.h"

struct frost_watch;

/* Begins to watch those of these processes; ready is called in the loop, once. NULL: no memory, or no process to take the
 * copies. What could not be watched is logged. 0 ends the list. */
struct frost_watch *frost_watch_new(struct keeper *keeper, const pid_t *pids,
				    void (*ready)(struct keeper *keeper));
void frost_watch_free(struct frost_watch *watch);       /* accepts NULL */
