/* Between the start of a process and its program: the stages a child walks, async-signal-safe, possibly in its
 * parent's memory.
 *
 * A job is one start. The parent fills it (exec/spawn/spawn does the rest); the child reports the stage that failed and
 * errno in fault, through the shared memory or through report. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "exec/child/plan.h"
#include "exec/child/stream_file.h"

enum stage {
	STAGE_NONE,
	STAGE_WORDS, /* the command's words became too long; no child was made */
	STAGE_FORK, /* fork(2) or the like failed */
	STAGE_CONDITIONS,
	STAGE_CREDENTIALS,
	STAGE_STREAMS,  /* files that the child opens itself, as the user */
	STAGE_CGROUP,   /* first of the stages: the group's limits hold for all of them */
	STAGE_DESCRIPTORS,
	STAGE_SESSION,
	STAGE_NICE,
	STAGE_OOM_SCORE,
	STAGE_CPUS,
	STAGE_IO_PRIORITY,
	STAGE_SCHEDULING,
	STAGE_PERSONALITY,
	STAGE_PROFILE,
	STAGE_NAMESPACES,
	STAGE_MOUNTS,   /* which may take more descriptors than the limits leave */
	STAGE_LIMITS,
	STAGE_ROOT,
	STAGE_GROUPS,
	STAGE_PRIVATE_USERS,
	STAGE_BOUNDING, /* after PRIVATE_USERS, which brings all capabilities back */
	STAGE_USER,     /* the effective user: the user's rights count from here on */
	STAGE_DIRECTORY,
	STAGE_SIGNALS,
	STAGE_IDENTITY, /* the user for good; last, as from here on the user can signal us */
	STAGE_AMBIENT,
	STAGE_SECURE_BITS,
	STAGE_KEYRING,
	STAGE_NO_NEW_PRIVILEGES,
	STAGE_SYSTEM_CALLS, /* the last before exec: the filter may allow execve(2) only */
	STAGE_EXEC,
	STAGES
};

struct fault {
	enum stage stage;
	int error;                      /* errno; STAGE_CONDITIONS: 1 of an assertion, else 0 */
	int resource;                   /* STAGE_LIMITS: the RLIMIT_x not set; STAGE_CONDITIONS: which fails; of sandbox: its part;
					   STAGE_STREAMS: which */
};

#define CHILD_DESCRIPTORS 4096          /* that a service can be given */
#define JOB_EXTRA 20                    /* variables that differ from start to start */

struct job {
	const struct plan *plan;
	const int *wanted;              /* wanted[n] becomes descriptor n; -1: closed; borrowed */
	int wanted_count;               /* at least 3 */
	const struct stream_file *files;                /* three, for the streams; NULL: none is opened by the child */
	const struct plan_command *command;             /* the plan's main one, or one beside it */
	bool checks;                    /* true: check the plan's conditions first */
	char **argv;                    /* the command's, or with variables filled in (exec/spawn/spawn_env) */
	char **environment;             /* NULL-terminated; holds the next three as far as they are wanted */
	bool listen;                    /* LISTEN_PID is to be set: the child alone knows its pid */
	bool tells_unit;                /* SYSTEMD_EXEC_PID is to be set; with listen, LISTEN_PIDFDID too */
	bool watched;                   /* WATCHDOG_PID is to be set */
	char watchdog_pid[sizeof("WATCHDOG_PID=") + 20];
	char listen_pid[sizeof("LISTEN_PID=") + 20];
	char exec_pid[sizeof("SYSTEMD_EXEC_PID=") + 20];
	char pidfd_id[sizeof("LISTEN_PIDFDID=") + 20];
	char **pidfd_id_at;             /* pidfd_id's place in environment, the last: NULL if pidfds have no ids */
	bool has_handlers;              /* superd handles signals by handlers: reset them before the mask opens */
	bool shares_descriptors;        /* started with CLONE_FILES: unshare first */
	volatile enum stage stage;      /* the current stage, for reports of a child that hangs */
	int report;                     /* pipe for fault; -1: the memory is shared */
	const char *notify;             /* its notify socket's path, mounted where it would be hidden; NULL: none */
	int mapper;                     /* socket to the process that writes the maps of a user namespace; -1: none */
	pid_t mapper_pid;
	uint64_t private_id;            /* number in the names of its private_tmp folders; 0: none */
	const char *group;              /* the folder of its control group; NULL: none */
	int into;                       /* descriptor of the control group it starts in; 0: none */
	const char *into_path;          /* path of that group, in case it was removed; for exec/spawn alone */
	struct fault fault;             /* set when a stage failed; until then only its resource */
	pid_t unreaped;                /* process of a failed start that nobody has reaped; 0: none. For exec/spawn */
};

_Noreturn void child_run(struct job *job);

/* The child of a start apart (exec/spawn/spawn_async), which has its own memory and reports by job->report. It may take
 * its time: it first closes what the program is not to have, and does what may block. */
_Noreturn void child_run_apart(struct job *job);

/* Puts wanted[n] at n for all n < count, whatever order and overlap they are in, the result not close-on-exec. 0,
 * or -1 and errno. For the child, and for tests. */
int child_arrange(const int *wanted, int count);
