/* Waiting for the place of another superd that still has it, as one that stops while the next one starts: its control
 * socket is held by a connection, so nothing wakes until it has gone. */
#pragma once

#include <stdbool.h>

#include "engine/core/watch.h"

struct succession {
	struct watch watch;
	struct alarm again;
	int fd;                         /* to the other one; -1: not connected */
	int hangups;                    /* what tells that it has hung up (os/proc/hangup); -1: none */
	double since;                   /* when it was, loop time */
	char *path;                     /* owned; NULL: nothing is waited for */
	void (*vacant)(struct succession *succession);  /* it may be free now; the path is kept until succession_end */
};

/* Waits until nobody answers at path any more. false: out of memory. */
bool succession_begin(struct succession *succession, struct engine *engine, const char *path,
		      void (*vacant)(struct succession *succession));
void succession_end(struct succession *succession);     /* harmless when it never began */
