/* Copies sockets of frozen processes, to notice when data or clients arrive at them. Uses pidfd_getfd(2), so it needs
 * Linux 5.6 and the right to trace the processes (ptrace(2)). A copy refers to the same socket, which stays open as
 * long as there is a copy. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "os/proc/process.h"

#define SOCKET_COPIES_MOST 256          /* sockets of one backend */

/* The copies. The caller closes them with engine/core/close_socket, as their queues may hold anything. */
struct socket_copies {
	int fds[SOCKET_COPIES_MOST];
	size_t count;
	size_t missed;                  /* number of sockets that could not be copied */
	bool forbidden;                 /* some could not for lack of rights */
};

enum socket_copying { SOCKET_COPYING_DONE, SOCKET_COPYING_WAITS, SOCKET_COPYING_FAILED };

/* Starts to copy the sockets of these processes at which something may arrive from elsewhere, each once: connected
 * ones, listeners, and datagram sockets. Leaves out the `known` ones (superd's own listeners), connections among the
 * processes themselves, and those that have ended with nothing left to read. 0 ends the list of processes.
 *
 * A helper process does it, as it may hang on what the processes put in a socket's place. Returns its pid; -1 and
 * errno. *report becomes readable when there is a result. */
pid_t socket_copies_begin(const pid_t *pids, const struct file_id *known, size_t known_count, int *report);

/* Adds the copies that the helper has sent so far; never blocks. Unless it returns SOCKET_COPYING_WAITS, the caller
 * closes report. */
enum socket_copying socket_copies_hear(int report, struct socket_copies *copies);
