/* Waits until another superd releases its control socket, as a superd that stops while the next one starts. A
 * connection to that superd shows when it ends. */
#pragma once

#include <stdbool.h>

#include "superd/loop/fd_watch.h"

/* Begins zeroed. */
struct socket_wait {
	struct watch watch;
	struct alarm retry;             /* until the next attempt */
	int fd;                         /* connection to the other superd; -1: none */
	int hangups;                    /* descriptor that reports the end of fd (os/proc/fd_hangup.h); -1: none */
	double since;                   /* time of the connection, loop time */
	char *path;                     /* owned; NULL: it does not wait */
	void (*vacant)(struct socket_wait *socket_wait); /* the path may be free now */
};

/* Waits for `path`, then calls vacant, which calls this again or socket_wait_end. false: out of memory. */
bool socket_wait_begin(struct socket_wait *socket_wait, struct engine *engine, const char *path,
		       void (*vacant)(struct socket_wait *socket_wait));
void socket_wait_end(struct socket_wait *socket_wait);  /* does nothing if it does not wait */
