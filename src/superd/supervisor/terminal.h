/* The terminal that superd was started from. When it hangs up, as when its window is closed, all its foreground
 * processes get SIGHUP. superd must not take that for the order to reload. */
#pragma once

#include <ev.h>
#include <stdbool.h>

struct terminal {
	int fd;                         /* descriptor of the terminal; -1: none, or it does not matter */
	int hangups;                    /* descriptor of os/proc/fd_hangup; -1: none */
	double hung_up;                 /* loop time when it hung up; 0: it has not */
	ev_io io;
};

void terminal_init(struct terminal *terminal);

/* had_one: the superd before had it open, and has died; if it is gone, it has hung up since. A daemon has none. */
void terminal_open(struct terminal *terminal, struct ev_loop *loop, bool had_one);

/* Whether a SIGHUP that comes now is caused by the terminal. A SIGHUP long after the hangup is meant for superd. */
bool terminal_has_hung_up(struct terminal *terminal);

void terminal_close(struct terminal *terminal, struct ev_loop *loop);
