/* Starts processes: the only place of superd that forks (src/cli/superd/daemonize apart).
 *
 * Two ways, chosen by configure: spawn_clone.c shares memory and descriptors with the child until its exec, at a
 * cost that does not depend on superd's size; spawn_fork.c is plain fork with a pipe. Either way spawn_start
 * returns when the program runs, so a failure is known at once, with its stage and errno. What takes longer, or can't
 * be done in superd's own memory, is done apart (spawn_async.c): then superd hears of the failure later. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "exec/child/child.h"

#define INVOCATION_ID 32                /* hexadecimal digits */

/* One start: its plan, what differs from other starts, and the result. */
struct spawn_request {
	const struct plan *plan;
	const struct plan_command *command;             /* NULL: the plan's main one */
	bool checks;                    /* true: check the plan's conditions first; makes the start one apart */
	const int *wanted;              /* wanted[n] becomes descriptor n; -1: closed; borrowed until spawn_start returns */
	int wanted_count;               /* at least 3 */
	const struct stream_file *files;                /* three that the child opens as its user, borrowed; such a start is apart,
							   too. NULL: none */
	unsigned listen_count;          /* LISTEN_FDS; 0: no LISTEN_* at all */
	const char *names;              /* LISTEN_FDNAMES=… whole, borrowed; NULL without listen_count */
	const char *remote_address;     /* "" : no REMOTE_ADDR and REMOTE_PORT */
	int remote_port;                /* -1: none */
	bool remote_host;               /* REMOTE_HOST too, as xinetd sets it */
	const char *local_address;      /* the near end of a TCP connection: TCPLOCALIP and so on too; NULL: none of these */
	int local_port;
	uint64_t cookie;                /* SO_COOKIE of the connection; 0: none */
	const char *notify;             /* NOTIFY_SOCKET=… whole, borrowed; NULL: none */
	int64_t watchdog;               /* WATCHDOG_USEC; 0: none */
	unsigned store;                 /* FDSTORE; 0: none */
	const char *const *variables;   /* further NAME=value of this start, NULL-terminated, borrowed; NULL: none */
	const char *invocation;         /* INVOCATION_ID, if plan->tells_unit; NULL: a new one */
	uint64_t private_id;            /* of the instance's folders for private_tmp; 0: it has none */
	const char *group;              /* the folder of its control group, which its child makes; NULL: none. Such a start is apart, too */
	int into;                       /* an open control group that it is started in; 0: none. One that can't be is outside */
	const char *into_path;          /* that folder's path, borrowed, for when somebody has taken it away: it is then made anew
					   and opened in place of `into`. NULL: that was opened for this start */
	double begun;                   /* a result: when it was forked at the earliest, seconds of the monotonic clock */
	pid_t pid;                      /* the result: -1 when it failed, with fault set */
	int report;                     /* of a start apart: what is read of it is a struct fault, its end that the program
					   runs; the caller's to close. -1: the program runs already */
	struct fault fault;
	pid_t unreaped;                 /* of a start that failed: its process, for the loop to reap; 0: there is none. Nobody waits
					   for it here, as one that was killed in a call that hangs does not end */
};

/* Starts one. launch->pid is the process, now running its program; or -1 and launch->fault. That of a plan apart is
 * only on its way: what became of it is told by launch->report. */
void spawn_start(struct spawn_request *launch);

/* A new INVOCATION_ID, for starts that share one. false: there is no randomness yet. In spawn_env.c. */
bool spawn_invocation(char id[INVOCATION_ID + 1]);

/* Starts several: the calling thread takes the first and goes on, helpers take what it has not come to, so that
 * execs overlap where there is more than one processor. Returns when all have their result. The helpers are made
 * at the first batch of more than one, never for a superd that has no load. */
void spawn_batch(struct spawn_request *launches, size_t count);

/* Ends the helpers; for tests and the end. */
void spawn_end(void);

/* The way of starting itself, in spawn_clone.c or spawn_fork.c: fills job->fault or gives the pid. stack is memory of
 * SPAWN_STACK bytes for the child; signals are blocked by the caller. */
pid_t spawn_process(struct job *job, char *stack);

/* Starts a plan apart, in spawn_async.c: returns at once, with *report open. */
pid_t spawn_async(struct job *job, int *report);

/* Calls try in a process of its own and gives what it returns, 0 to 255; -1 and errno. For looks at what the kernel
 * allows; it waits, as long as a start may take. */
int spawn_probe(int (*try)(void));

/* Has a chore done in a process of its own, with a copy of what is handed over and no descriptor of ours but these;
 * nobody hears how it ends. false: there is no process to be had. */
bool spawn_background(void (*chore)(const void *with), const void *with, const int *kept, int count);

/* The same for work that may hang for ever on what somebody else made: in a process of its own under this name (at most
 * 15 bytes), not to be killed but by SIGKILL, which nobody may trace, with no descriptor but those kept and no
 * capability, permitted ones too, but these (bit CAP_x). Nothing is ever to wait for it. Its pid; -1 and errno. */
pid_t spawn_worker(const char *name, uint64_t capabilities, void (*work)(const void *with), const void *with,
		   const int *kept, int count);
bool spawn_is_worker(pid_t pid);                /* the pid is of spawn_worker, and was not reaped yet */
uint64_t spawn_worker_serial(pid_t pid);        /* unique, while a pid is reused; 0: not of spawn_worker */
void spawn_note_worker(pid_t pid);               /* adds one that superd started before an upgrade; 0: none */
void spawn_reaped(pid_t pid);                   /* to be called for every reaped child: its pid may be reused now */

/* For messages: where a start failed, as "setting user", and why. In stage_name.c. */
const char *stage_name(enum stage stage);
const char *fault_reason(const struct fault *fault);

#define SPAWN_STACK (64 << 10)
