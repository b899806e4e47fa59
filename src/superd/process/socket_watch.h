/* Watches sockets of frozen processes, to notice when data or clients arrive at them. A helper process copies each
 * socket by pidfd_getfd(2), adds the copy to an epoll set of superd's (epoll(7)), and closes it. The set watches a
 * socket for as long as any process has it open, so superd needs no descriptor for it. Needs Linux 5.6 and the right to
 * trace the processes (ptrace(2)). */
#pragma once

#include "superd/start/worker_process.h"
#include "worker/record/request.h"

enum socket_watching { SOCKET_WATCHING_DONE, SOCKET_WATCHING_WAITS, SOCKET_WATCHING_FAILED };

int socket_watch_open(void);                    /* makes an epoll set; -1 and errno */

/* Starts to add the sockets of these processes at which something may arrive from elsewhere to the epoll set: connected
 * ones, listeners, and datagram sockets. Leaves out connections among the processes themselves, and those that have
 * ended with nothing left to read.
 *
 * A helper process does this, because it may hang on a descriptor that the processes put in a socket's place. Its
 * channel becomes readable when there is a result. `channel` -1, with errno: it could not be started. */
struct worker_process socket_watch_begin(const struct socket_watch_request *request, uint64_t owner, int epoll);

/* Reads the result from the channel; never blocks. Unless it returns SOCKET_WATCHING_WAITS, nothing more will come. */
enum socket_watching socket_watch_hear(const struct worker_process *process, struct socket_watch_result *result);
