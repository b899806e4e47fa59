/* Starts processes: the only place of superd that forks (src/cmd/daemon apart).
 *
 * Two ways, chosen by configure: spawn_clone.c shares memory and descriptors with the child until its exec, at a
 * cost that does not depend on superd's size; spawn_fork.c is plain fork with a pipe. Either way spawn_start
 * returns when the program runs, so a failure is known at once, with its stage and errno. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "sys/child.h"

/* What differs from start to start, beside the plan. */
struct launch {
	const struct plan *plan;
	const int *wanted;              /* wanted[n] becomes descriptor n; -1: closed; borrowed until spawn_start returns */
	int wanted_count;               /* at least 3 */
	unsigned listen_count;          /* LISTEN_FDS; 0: no LISTEN_* at all */
	const char *names;              /* LISTEN_FDNAMES=… whole, borrowed; NULL without listen_count */
	const char *remote_address;     /* "" : no REMOTE_ADDR and REMOTE_PORT */
	int remote_port;                /* -1: none */
	bool remote_host;               /* REMOTE_HOST too, as xinetd sets it */
	const char *local_address;      /* the near end of a TCP connection: TCPLOCALIP and so on too; NULL: none of these */
	int local_port;
	pid_t pid;                      /* the result: -1 when it failed, with fault set */
	struct fault fault;
};

/* Starts one. launch->pid is the process, now running its program; or -1 and launch->fault. */
void spawn_start(struct launch *launch);

/* Starts several: the calling thread takes the first and goes on, helpers take what it has not come to, so that
 * execs overlap where there is more than one processor. Returns when all have their result. The helpers are made
 * at the first batch of more than one, never for a superd that has no load. */
void spawn_batch(struct launch *launches, size_t count);

/* Ends the helpers; for tests and the end. */
void spawn_end(void);

/* The way of starting itself, in spawn_clone.c or spawn_fork.c: fills job->fault or gives the pid. stack is memory of
 * SPAWN_STACK bytes for the child; signals are blocked by the caller. */
pid_t spawn_process(struct job *job, char *stack);

#define SPAWN_STACK (64 << 10)
