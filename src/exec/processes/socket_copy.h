/* Copies of sockets that other processes have open, to hear when something comes at them while those can't. Only what
 * is asked for by pidfd_getfd(2), so it takes Linux 5.6 and the right to trace: root, or the same user where nothing
 * forbids it. A copy is the same socket: while there is one, it stays open. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "os/proc/process.h"

#define SOCKET_COPIES_MOST 256          /* of one backend */

/* The caller closes them (engine/core/close_socket): what is in their queues is others' choice. */
struct socket_copies {
	int fds[SOCKET_COPIES_MOST];
	size_t count;
	size_t missed;                  /* sockets that there was no right, or no room, to copy */
	bool forbidden;
};

enum socket_copying { SOCKET_COPYING_DONE, SOCKET_COPYING_WAITS, SOCKET_COPYING_FAILED };

/* Begins to copy, once each, the sockets of these processes at which something may come from elsewhere: connected ones,
 * those that listen, and datagrams'. Left out are those known already (superd's own listeners), what only processes of
 * the list talk by, and what has come to its end with nothing left to read. 0 ends the list.
 *
 * That is done by a process, whose pid this is: it may hang for ever on what they put in a socket's place. *report is
 * readable when there is something to be heard; -1 and errno. */
pid_t socket_copies_begin(const pid_t *pids, const struct file_id *known, size_t known_count, int *report);

/* Adds the copies that the process has handed over so far; never waits. Unless it returns SOCKET_COPYING_WAITS, the
 * caller closes report. */
enum socket_copying socket_copies_hear(int report, struct socket_copies *copies);
