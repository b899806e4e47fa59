/* Watches the other sockets of a frozen backend, as to a database, a peer, or a listener of its own: superd copies them
 * (exec/processes/socket_copy) and watches the copies until one is ready. */
#pragma once

#include <ev.h>
#include <stdbool.h>
#include <sys/types.h>

#include "engine/runtime/runtime.h"
#include "exec/processes/socket_copy.h"

struct freeze_fds;

/* Begins to watch the sockets of these processes; 0 ends the list. ready is called once, in the loop. Sockets that
 * cannot be watched are logged. NULL: no memory, or no process to take the copies. */
struct freeze_fds *freeze_fds_new(struct service_runtime *runtime, const pid_t *pids,
				  void (*ready)(struct service_runtime *runtime));
void freeze_fds_free(struct freeze_fds *watch);         /* accepts NULL */
