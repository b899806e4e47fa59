/* Copies of sockets that other processes have open, to hear when something comes at them while those can't. Only what is
 * asked for by pidfd_getfd(2), so it takes Linux 5.6 and the right to trace: root, or the same user where nothing forbids
 * it. A copy is the same socket: while there is one, it stays open. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "sys/process.h"

#define SOCKET_COPIES_MOST 256          /* of one backend */

/* The caller closes them (engine/closing): what is in their queues is others' choice. */
struct socket_copies {
	int fds[SOCKET_COPIES_MOST];
	size_t count;
	int dull[SOCKET_COPIES_MOST];   /* of those that can't bring anything; to be closed by the caller */
	size_t dull_count;
	size_t missed;                  /* sockets that there was no right, or no room, to copy */
	bool forbidden;
};

/* Copies, once each, the sockets of these processes at which something may come from elsewhere: connected ones, those
 * that listen, and datagrams'. Left out are those known already (superd's own listeners), what only processes of the
 * list talk by, and what has come to its end with nothing left to read. 0 ends the list. */
void socket_copies_take(struct socket_copies *copies, const pid_t *pids, const struct file_id *known, size_t known_count);
