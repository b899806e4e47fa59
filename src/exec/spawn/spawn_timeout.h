/* A bound to how long a start may hold superd up: whoever starts a process waits for its exec, and what the child waits
 * for there may be in a stranger's hands: a file system that does not answer, a lease, a signal that stops it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Seconds until a program has to run: 5, or what a test says before the first start. It is killed then, with ETIMEDOUT
 * as its fault: what hangs there hangs superd, too. Apart there is no such limit. */
extern double spawn_timeout_seconds;

/* A start under way, on the caller's stack. */
struct spawn_timeout {
	struct spawn_timeout *next, **place;
	double since;                   /* seconds */
	pid_t pid;                      /* written by the kernel (CLONE_PARENT_SETTID) before the child runs; 0: none yet */
	bool ended;                     /* killed, as it took too long */
};

/* Between these two, pid is killed once it is older than spawn_timeout_seconds, within half as much again. Any thread;
 * the first makes the one that looks, where it can't be had nothing is ended. */
void spawn_timeout_begin(struct spawn_timeout *timeout);
void spawn_timeout_end(struct spawn_timeout *timeout);

/* Ends the thread; no start is under way. */
void spawn_timeout_stop(void);
