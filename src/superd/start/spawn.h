/* Starts processes. Besides src/superd/main/daemonize this is the only place in superd that forks.
 *
 * configure chooses one of two methods: spawn_clone.c shares memory and descriptors with the child until its exec
 * (CLONE_VM and CLONE_VFORK, clone(2)), at a cost that does not depend on superd's size; spawn_fork.c is a plain
 * fork(2) with a pipe. Either way spawn_start returns when the program runs, so a failure is known at once, with its
 * stage and errno. A start that takes longer, or that is impossible in superd's own memory, is asynchronous
 * (spawn_async.c): superd learns of its failure later. Such a start, and its plan, is called "apart". */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "exec/child/child.h"
#include "os/guard/guard_link.h"

#define INVOCATION_ID 32                /* hexadecimal digits */

/* One start: its plan, what differs from other starts, and the result. Texts and lists are borrowed until spawn_start
 * returns. */
struct spawn_request {
	const struct plan *plan;
	const struct plan_command *command;             /* NULL: the plan's main command */
	bool checks;                    /* check the plan's conditions first; the start is then apart */
	pid_t after;                    /* a start apart waits for the end of this process; 0: none */
	const int *wanted;              /* wanted[n] becomes descriptor n; -1: descriptor n is closed */
	int wanted_count;               /* at least 3 */
	/* pass = bind: socket whose other end receives the descriptor of the program's filter, and index of the socket
	 * in `wanted`, the last one; 0: none. */
	int filter_channel;
	/* warm = N: the placeholder, an entry of `wanted`: the child reads a byte from it before it continues
	 * (superd/process/hold); the start is then apart. 0: none. */
	int hold_channel;
	/* Three files that the child opens; the start is then apart. NULL: none. */
	const struct stream_file *files;
	unsigned listen_count;          /* LISTEN_FDS (sd_listen_fds(3)); 0: no LISTEN_* variables */
	const char *names;              /* the whole text LISTEN_FDNAMES=…; NULL without listen_count */
	const char *remote_address;     /* "": no REMOTE_ADDR and REMOTE_PORT */
	int remote_port;                /* -1: none */
	bool remote_host;               /* also set REMOTE_HOST, as xinetd does */
	const char *local_address;      /* local end of a TCP connection, for TCPLOCALIP and so on; NULL: none of these variables */
	int local_port;
	uint64_t cookie;                /* SO_COOKIE of the connection; 0: none */
	const char *notify;             /* the whole text NOTIFY_SOCKET=…; NULL: none */
	int64_t watchdog;               /* WATCHDOG_USEC, microseconds (sd_watchdog_enabled(3)); 0: none */
	unsigned store;                 /* FDSTORE, number of descriptors (sd_pid_notify_with_fds(3)); 0: none */
	const char *const *variables;   /* further NAME=value, NULL-terminated; NULL: none */
	const char *invocation;         /* INVOCATION_ID, if plan->tells_unit; NULL: a new one */
	uint64_t mark;                  /* mark of its processes (os/proc/process_mark); 0: none */
	uint64_t private_id;            /* number of the instance's private_tmp folders; 0: it has none */
	const char *group;              /* path of the control group that the child creates; the start is then apart. NULL: none */
	/* Descriptor of an open control group to start in; 0: none. If that is impossible, the process starts
	 * outside. */
	int into;
	/* Path of that group: if it was removed, it is created again and opened as `into`. NULL: it was opened for this
	 * start. */
	const char *into_path;
	struct start_note note;         /* for superd's guard; owner 0: the next superd needs not know of it */
	pid_t *noted;                   /* gets the pid (os/guard/guard_link); NULL: not needed */
	const pid_t *taken_back;        /* has the number that is at `noted` before, if the start is taken back; NULL: none */
	double begun;                   /* result: earliest time of the fork, seconds of CLOCK_MONOTONIC */
	pid_t pid;                      /* result: the process; -1: the start failed, for the reason in `fault` */
	/* Result of a start apart: a pipe that yields a struct fault, or its end once the program runs; the caller
	 * closes it. -1: the program runs already. */
	int report;
	struct fault fault;             /* result: stage and errno of a failure */
	/* Result of a failed start: its process, which the loop reaps; 0: none. A process that was killed in a blocked
	 * system call may never end, so it is not waited for here. */
	pid_t unreaped;
};

/* Starts one. request->pid is the process, which now runs its program; or -1 and request->fault. After a start apart
 * the program does not run yet, and request->report yields the outcome. */
void spawn_start(struct spawn_request *request);

/* Makes a new INVOCATION_ID, for starts that share one. false: the kernel has no randomness yet. In spawn_env.c. */
bool spawn_invocation(char id[INVOCATION_ID + 1]);

/* Starts several. The calling thread and helper threads each take the next one, so that execs overlap if there are
 * several CPUs. Returns when all have their result. The helper threads are created at the first batch of more than
 * one. */
void spawn_batch(struct spawn_request *requests, size_t count);

/* Ends the helper threads, at superd's end and in tests. */
void spawn_end(void);

/* The method itself, in spawn_clone.c or spawn_fork.c: returns the pid, or fills in job->fault. stack: SPAWN_STACK
 * bytes for the child. The caller has blocked all signals. */
pid_t spawn_process(struct job *job, char *stack);

/* Starts a plan apart, in spawn_async.c: returns at once, with *report open. */
pid_t spawn_async(struct job *job, int *report);

/* Calls `try` in a process of its own and returns its result, 0 to 255; -1 and errno. For tests of the kernel's
 * features. Waits, up to spawn_timeout_seconds. */
int spawn_probe(int (*try)(void));

/* Executes one of superd's own programs (os/host/program) and returns the byte that it prints; -1: none came. Waits as
 * long. */
int spawn_ask(int program, char *const *argv);

/* Executes one of superd's own programs beside the loop: with these as its standard input and output (-1: superd's),
 * and all signals blocked. The loop reaps it, as one of the workers (superd/start/worker_process). Its pid; -1 and
 * errno. */
struct own_program;
pid_t spawn_aside(const struct own_program *program, char *const *argv, const int streams[2]);

/* For messages: the stage that failed, such as "setting user", and why. */
const char *stage_name(enum stage stage);
const char *fault_reason(const struct fault *fault);

#define SPAWN_STACK (64 << 10)          /* bytes of a child's stack */
