/* Watches the other sockets of a frozen backend, as to a database, a peer, or a listener of its own: superd copies them
 * (exec/processes/socket_copy) and watches the copies until one is ready. */
#pragma once

#include <ev.h>
#include <stdbool.h>
#include <sys/types.h>

#include "engine/runtime/runtime.h"
#include "exec/processes/socket_copy.h"

struct frost_watch;

/* Begins to watch the sockets of these processes; 0 ends the list. ready is called once, in the loop. Sockets that
 * cannot be watched are logged. NULL: no memory, or no process to take the copies. */
struct frost_watch *frost_watch_new(struct keeper *keeper, const pid_t *pids,
				    void (*ready)(struct keeper *keeper));
void frost_watch_free(struct frost_watch *watch);       /* accepts NULL */
