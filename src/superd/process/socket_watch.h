/* Watches sockets of frozen processes, to notice when data or clients arrive at them. A helper process copies each
 * socket by pidfd_getfd(2), adds the copy to an epoll set of superd's (epoll(7)), and closes it. The set watches a
 * socket for as long as any process has it open, so superd needs no descriptor for it. Needs Linux 5.6 and the right to
 * trace the processes (ptrace(2)). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "os/netdiag/conn_count.h"
#include "os/proc/process.h"
#include "superd/spawn/worker_process.h"

/* What to watch. All is borrowed until socket_watch_begin returns. */
struct socket_watch_request {
	uint64_t owner;                 /* of struct worker_start */
	const pid_t *pids;              /* the processes; 0 ends the list */
	pid_t relay;                    /* the process that relays clients to them, of which only those are watched; 0: none */
	const struct file_id *known;    /* superd's own listeners, which are not watched */
	size_t known_count;
	const struct conn_count *listeners;     /* the same by their addresses; connections from their `probes` are not watched */
	size_t listener_count;
	bool has_ends;                  /* true: connections of listeners are watched even if their clients have closed */
};

struct socket_watch_result {
	uint32_t missed;                /* number of sockets that are not watched */
	bool forbidden;                 /* some are not for lack of rights */
	bool relay_unseen;              /* not all clients of the relay are watched */
};

enum socket_watching { SOCKET_WATCHING_DONE, SOCKET_WATCHING_WAITS, SOCKET_WATCHING_FAILED };

int socket_watch_open(void);                    /* makes an epoll set; -1 and errno */

/* Starts to add the sockets of these processes at which something may arrive from elsewhere to the epoll set: connected
 * ones, listeners, and datagram sockets. Leaves out connections among the processes themselves, and those that have
 * ended with nothing left to read.
 *
 * A helper process does this, because it may hang on a descriptor that the processes put in a socket's place. Its
 * channel becomes readable when there is a result. `channel` -1, with errno: it could not be started. */
struct worker_process socket_watch_begin(const struct socket_watch_request *request, int epoll);

/* Reads the result from the channel; never blocks. Unless it returns SOCKET_WATCHING_WAITS, nothing more will come. */
enum socket_watching socket_watch_hear(const struct worker_process *process, struct socket_watch_result *result);
