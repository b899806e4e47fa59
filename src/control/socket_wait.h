/* Waiting for the place of another superd that still has it, as one that stops while the next one starts: its control
 * socket is held by a connection, so nothing wakes until it has gone. */
#pragma once

#include <stdbool.h>

#include "engine/core/fd_watch.h"

struct socket_wait {
	struct watch watch;
	struct alarm again;
	int fd;                         /* to the other one; -1: not connected */
	int hangups;                    /* what tells that it has hung up (os/proc/fd_hangup); -1: none */
	double since;                   /* when it was, loop time */
	char *path;                     /* owned; NULL: nothing is waited for */
	void (*vacant)(struct socket_wait *socket_wait); /* it may be free now; the path is kept until socket_wait_end */
};

/* Waits until nobody answers at path any more. false: out of memory. */
bool socket_wait_begin(struct socket_wait *socket_wait, struct engine *engine, const char *path,
		       void (*vacant)(struct socket_wait *socket_wait));
void socket_wait_end(struct socket_wait *socket_wait);  /* harmless when it never began */
