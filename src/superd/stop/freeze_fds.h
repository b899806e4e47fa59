/* Watches the sockets of a frozen backend that are not superd's listeners: connections to clients or a database,
 * listeners of its own, and the clients of its relay, which is frozen with it. All are in one epoll set
 * (superd/process/socket_watch), which is readable as soon as one of them is. The freeze owns the struct. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "superd/instance/runtime.h"

struct freeze_fds;

/* Begins to watch the sockets of these processes; a pid of 0 ends the list. Posts ACTIVITY once. Logs sockets that it
 * cannot watch. missed: called once, from the loop, if there are any; then clients that close are watched, too. NULL:
 * nothing depends on all of them. Returns NULL: no memory, no descriptor, or no process to add the sockets. */
struct freeze_fds *freeze_fds_new(struct service_runtime *runtime, const pid_t *pids,
				  void (*missed)(struct service_runtime *runtime));
void freeze_fds_free(struct freeze_fds *watch);         /* accepts NULL */
