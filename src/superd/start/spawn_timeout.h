/* Limits how long a start may block superd: the thread that starts a process waits for its exec, and the child may be
 * blocked by others: a file system that does not answer, a lease, a signal that stops it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Seconds until a program must run: 5, or the value that a test sets before the first start. Then the process is
 * killed, with ETIMEDOUT as its fault. So is one that is stopped, as its user may do (kill(2)), a moment later. Starts
 * apart have no such limit. */
extern double spawn_timeout_seconds;

#define SPAWN_LOOK .25                  /* seconds between two looks whether a start is stopped; most take a millisecond */

/* A start in progress, on the caller's stack, in a list of all starts. */
struct spawn_timeout {
	struct spawn_timeout *next, **place;    /* next in the list; pointer to this entry */
	double since;                   /* when it began (clock_now) */
	pid_t pid;                      /* written by the kernel (CLONE_PARENT_SETTID, clone(2)) before the child runs; 0: none yet */
	bool hangs;                     /* true: at the last look it was stopped, or took too long */
	bool ended;                     /* true: the process was killed, as it took too long */
};

/* Whether a start that began so many seconds ago has not reached its program, and takes too long or was stopped by a
 * signal. A tracer may stop it. */
bool spawn_hangs(pid_t pid, double age);

/* Between these two, the process is killed when it is older than spawn_timeout_seconds, or is stopped, at the latest
 * three looks later. Any thread may call them. The first call creates the thread that kills; without that thread no
 * start is limited. */
void spawn_timeout_begin(struct spawn_timeout *timeout);
void spawn_timeout_end(struct spawn_timeout *timeout);

/* Ends the thread. There must be no start in progress. */
void spawn_timeout_stop(void);
