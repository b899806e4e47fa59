/* Watches the sockets of a frozen backend that are not superd's listeners: connections to clients or a database,
 * listeners of its own, and the clients of its relay, which is frozen with it. All are in one epoll set (epoll(7)),
 * which is readable as soon as one of them is. The freeze owns the struct.
 *
 * A superd-copy copies each socket by pidfd_getfd(2), adds the copy to the set, and closes it. The set watches a socket for
 * as long as any process has it open, so superd needs no descriptor for it. Needs Linux 5.6 and the right to trace the
 * processes (ptrace(2)). */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "superd/instance/runtime.h"
#include "superd/start/worker_process.h"
#include "worker/record/request.h"

struct freeze_fds;

/* Begins to watch the sockets of these processes; a pid of 0 ends the list. Posts ACTIVITY once. Logs sockets that it
 * cannot watch. missed: called once, from the loop, if there are any; then clients that close are watched, too. NULL:
 * nothing depends on all of them. Returns NULL: no memory, no descriptor, or no process to add the sockets. */
struct freeze_fds *freeze_fds_new(struct service_runtime *runtime, const pid_t *pids,
				  void (*missed)(struct service_runtime *runtime));
void freeze_fds_free(struct freeze_fds *watch);         /* accepts NULL */

/* What the process is and says, for tests. The set: -1 and errno. */
enum socket_watching { SOCKET_WATCHING_DONE, SOCKET_WATCHING_WAITS, SOCKET_WATCHING_FAILED };
int socket_watch_open(void);

/* Starts to add the sockets of these processes at which something may arrive from elsewhere to the epoll set: connected
 * ones, listeners, and datagram sockets. Leaves out connections among the processes themselves, and those that have
 * ended with nothing left to read.
 *
 * A helper process does this, because it may hang on a descriptor that the processes put in a socket's place. Its
 * channel becomes readable when there is a result. `channel` -1, with errno: it could not be started. */
struct worker_process socket_watch_begin(const struct socket_watch_request *request, uint64_t owner, int epoll);

/* Reads the result from the channel; never blocks. Unless it returns SOCKET_WATCHING_WAITS, nothing more will come. */
enum socket_watching socket_watch_hear(const struct worker_process *process, struct socket_watch_result *result);
