/* Between the start of a process and its program: the stages a child walks, async-signal-safe, possibly in its
 * parent's memory.
 *
 * A job is one start. The parent fills it (exec/spawn/spawn does the rest); the child reports the stage that failed and
 * errno in fault, through the shared memory or through report. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "exec/child/stream_file.h"
#include "exec/plan/plan.h"

enum stage {
	STAGE_NONE,
	STAGE_WORDS, /* the words of its command grew too long; before there is a child */
	STAGE_FORK, /* no child came to be */
	STAGE_CONDITIONS,
	STAGE_CREDENTIALS,
	STAGE_STREAMS,  /* those that the process opens itself, as the user */
	STAGE_CGROUP,   /* as superd's limits of it are for all that comes */
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
	STAGE_BOUNDING, /* behind the above, which brings all capabilities back */
	STAGE_USER,     /* what the user may is what counts from here on */
	STAGE_DIRECTORY,
	STAGE_SIGNALS,
	STAGE_IDENTITY, /* the user for good; last, as from here on the user can signal us */
	STAGE_AMBIENT,
	STAGE_SECURE_BITS,
	STAGE_KEYRING,
	STAGE_NO_NEW_PRIVILEGES,
	STAGE_SYSTEM_CALLS, /* nothing but the program behind it: it may be all that is left to call */
	STAGE_EXEC,
	STAGES
};

struct fault {
	enum stage stage;
	int error;                      /* errno; STAGE_CONDITIONS: 1 of an assertion, else 0 */
	int resource;                   /* STAGE_LIMITS: the RLIMIT_x not set; STAGE_CONDITIONS: which fails; of confinement: its part;
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
	bool checks;                    /* the plan's conditions, before all else */
	char **argv;                    /* the command's, or with variables filled in (exec/spawn/spawn_words) */
	char **environment;             /* NULL-terminated; holds the next three as far as they are wanted */
	bool listen;                    /* LISTEN_PID is to be set: the child alone knows its pid */
	bool tells_unit;                /* the same of SYSTEMD_EXEC_PID and, with listen, LISTEN_PIDFDID */
	bool watched;                   /* and of WATCHDOG_PID */
	char watchdog_pid[sizeof("WATCHDOG_PID=") + 20];
	char listen_pid[sizeof("LISTEN_PID=") + 20];
	char exec_pid[sizeof("SYSTEMD_EXEC_PID=") + 20];
	char pidfd_id[sizeof("LISTEN_PIDFDID=") + 20];
	char **pidfd_id_at;             /* where that stands, last: cut off by a kernel whose pidfds have no number of their own */
	bool has_handlers;              /* superd handles signals by handlers: reset them before the mask opens */
	bool shares_descriptors;        /* started with CLONE_FILES: unshare first */
	volatile enum stage stage;      /* that it is at, for one that hangs there */
	int report;                     /* pipe for fault; -1: the memory is shared */
	const char *notify;             /* the path it notifies superd by, for a view that would hide it; NULL: none */
	int mapper;                     /* socket to the process that writes the maps of a user namespace; -1: none */
	pid_t mapper_pid;
	uint64_t private_id;            /* of its folders for private_tmp */
	const char *group;              /* the folder of its control group; NULL: none */
	int into;                       /* an open control group that it is started in; 0: none */
	const char *into_path;          /* and its path, where it may have gone meanwhile; for exec/spawn/spawn alone */
	struct fault fault;             /* before it failed: what is known of the stage, its resource */
	pid_t left;                    /* of a start that failed: its process, which nobody has waited for; 0: none. For exec/spawn/spawn */
};

_Noreturn void child_run(struct job *job);

/* Puts wanted[n] at n for all n < count, whatever order and overlap they are in, the result not close-on-exec. 0,
 * or -1 and errno. For the child, and for tests. */
int child_arrange(const int *wanted, int count);

/* "setting user", and why it failed, for messages. */
const char *stage_name(enum stage stage);
const char *fault_reason(const struct fault *fault);
