/* The terminal that superd was started from. When it hangs up, as a window that is closed, all processes in its
 * foreground get SIGHUP, which superd must not take for the order to reload. */
#pragma once

#include <ev.h>
#include <stdbool.h>

struct terminal {
	int fd;                         /* the terminal; -1: none, or it does not matter */
	int hangups;                    /* os/proc/fd_hangup; -1: none */
	double hung_up;                 /* loop time when it hung up; 0: it has not */
	ev_io io;
};

/* outlives: superd was started with SIGHUP ignored, as by nohup(1). A daemon has no terminal. */
void terminal_open(struct terminal *terminal, struct ev_loop *loop, bool outlives);

/* Whether a SIGHUP that comes now is that of its end. One that comes long after is meant for superd. */
bool terminal_has_hung_up(struct terminal *terminal);

void terminal_close(struct terminal *terminal, struct ev_loop *loop);
