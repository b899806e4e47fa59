/* Between the start of a process and its program: the stages that a child goes through, async-signal-safe, possibly in
 * its parent's memory.
 *
 * A job is one start. superd/start fills it in. If a stage fails, the child puts the stage and errno into `fault`, in
 * the shared memory or through `report`. */
#pragma once

#include <stdbool.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "exec/child/plan.h"
#include "exec/child/stream_file.h"

/* The stages, in their order. */
enum stage {
	STAGE_NONE,
	STAGE_WORDS, /* the command's words became too long; there is no child */
	STAGE_RECORD, /* the text for superd-exec; there is no child */
	STAGE_FORK, /* fork(2) or clone(2) failed */
	STAGE_PROGRAM, /* superd-exec, which then goes through all others */
	STAGE_AFTER, /* waits for another process; the first one of a start apart */
	STAGE_RULES, /* the address rules of sockets that other programs have had: whoever has one may hold its lock */
	STAGE_FOLDERS,  /* the service's own, for which superd itself could wait for ever */
	STAGE_CONDITIONS,       /* those may name a folder */
	STAGE_CREDENTIALS,
	STAGE_STREAMS,  /* opens the files of standard streams */
	STAGE_MAPPER, /* for PRIVATE_USERS; outside of the control group */
	STAGE_CGROUP,   /* the first stage of other starts: the group's limits hold for all others */
	STAGE_DESCRIPTORS,
	STAGE_HOLD, /* warm = N; as superd's own user, so that a tracer may attach */
	STAGE_SESSION,
	STAGE_NICE,
	STAGE_OOM_SCORE,
	STAGE_IO_PRIORITY,
	STAGE_SCHEDULING,
	STAGE_PROFILE,
	STAGE_NAMESPACES,
	STAGE_MOUNTS,   /* before LIMITS, as this and ROOT may need more descriptors than they allow */
	STAGE_ROOT,
	STAGE_LIMITS,
	STAGE_GROUPS,
	STAGE_PRIVATE_USERS,
	STAGE_BOUNDING, /* after PRIVATE_USERS: a new user namespace restores all capabilities */
	STAGE_USER,     /* sets the effective user: from here on, files are opened with that user's rights */
	STAGE_SIGNALS,
	STAGE_IDENTITY, /* sets all user ids; late, as from here on the user can signal the child */
	STAGE_DIRECTORY, /* after IDENTITY: a FUSE lets in only who is its user in all ids */
	STAGE_AMBIENT,
	STAGE_KEYRING,
	STAGE_NO_NEW_PRIVILEGES,
	STAGE_BIND_FILTER, /* pass = bind; before a filter that may forbid calls that it needs */
	STAGE_SYSTEM_CALLS, /* the last before EXEC: the filter may allow execve(2) only */
	STAGE_EXEC,
	STAGES
};

/* Why a start failed. */
struct fault {
	enum stage stage;
	int error;                      /* errno; STAGE_CONDITIONS: 1 for an assertion, else 0 */
	/* STAGE_LIMITS: the RLIMIT_x; STAGE_CONDITIONS: index of the condition; STAGE_STREAMS: number of the stream;
	 * STAGE_FOLDERS: index of the folder; sandbox: index of the mount. */
	int resource;
};

struct sock_fprog;

/* The address rules of a socket, which it gets again: another program may have taken them off. */
struct socket_rules {
	int fd;                         /* one of those that are wanted */
	const struct sock_fprog *filter;
};

#define CHILD_DESCRIPTORS 4096          /* descriptors that a service can get at most */
#define JOB_EXTRA 20                    /* environment variables that differ from start to start */

/* One start, on the parent's stack. Borrows everything. */
struct job {
	const struct plan *plan;
	const int *wanted;              /* wanted[n] becomes descriptor n; -1: descriptor n is closed */
	int wanted_count;               /* at least 3 */
	pid_t *noted;                   /* gets the pid (child_note_pid); NULL: not needed */
	pid_t noted_before;             /* its value until then, which no other start has */
	const pid_t *taken_back;        /* has that value if the start is taken back; NULL: any other value at `noted` tells it */
	const struct stream_file *files;                /* three files for the standard streams; NULL: the child opens none */
	const struct socket_rules *rules;               /* set by superd-exec */
	size_t rules_count;
	const struct plan_command *command;             /* the plan's main command, or another one */
	bool checks;                    /* check the plan's conditions first */
	pid_t after;                    /* process that must end before; it is killed after five seconds; 0: none */
	int file;                       /* command->file, or its number in the child */
	char **argv;                    /* the command's arguments, or a copy with variables replaced (superd/start/spawn_env) */
	char **environment;             /* NULL-terminated; contains the texts below as far as they apply */
	bool listen;                    /* set LISTEN_PID: only the child knows its pid */
	bool tells_unit;                /* set SYSTEMD_EXEC_PID and, with `listen`, LISTEN_PIDFDID */
	bool watched;                   /* set WATCHDOG_PID */
	char watchdog_pid[sizeof("WATCHDOG_PID=") + 20];
	char listen_pid[sizeof("LISTEN_PID=") + 20];
	char exec_pid[sizeof("SYSTEMD_EXEC_PID=") + 20];
	char pidfd_id[sizeof("LISTEN_PIDFDID=") + 20];
	char **pidfd_id_at;             /* entry of pidfd_id in environment, the last one; the child clears it if pidfds have no ids */
	bool has_handlers;              /* superd has signal handlers: reset them before signals are unblocked */
	bool shares_descriptors;        /* started with CLONE_FILES: unshare descriptors first */
	volatile enum stage stage;      /* the present stage, for reports on a child that hangs */
	int report;                     /* pipe for `fault`; -1: the memory is shared */
	int record;                     /* the start as a text for superd-exec (exec/record); -1: it does without */
	int executor;                   /* with a record: descriptor of superd-exec */
	char **executor_environment;    /* for superd-exec, of a child in superd's memory; NULL: superd's own */
	int filter_channel;             /* pass = bind: descriptor, behind those of the program, that gets the filter's; 0: none */
	/* warm = N: the placeholder, one of `wanted`, which brings a byte as soon as the process is traced; 0: none */
	int hold_channel;
	bool hold_dumpable;             /* the tracer lacks CAP_SYS_PTRACE */
	const char *notify;             /* path of its notify socket, which is mounted where a sandbox would hide it; NULL: none */
	int mapper;                     /* superd-exec's: socket to the process that writes the maps of a user namespace */
	pid_t mapper_pid;               /* that process */
	uint64_t mark;                  /* mark of its processes (os/proc/process_mark); 0: none */
	uint64_t private_id;            /* number in the names of its private_tmp folders; 0: none */
	const char *group;              /* path of the control group to create; NULL: none */
	int into;                       /* descriptor of the control group to start in; 0: none */
	const char *into_path;          /* path of that group, to create it again if it was removed; for superd/start */
	struct fault fault;             /* result of a failed stage; before that only `resource` is used */
	pid_t unreaped;                /* process of a failed start that is not reaped; 0: none; for superd/start */
};

/* Notes the pid as soon as the child has descriptors of its own, by which it keeps its client. Until then it may share
 * superd's: if superd is killed, the next one serves the client, closes what only the child needs, and takes the start
 * back. false: it has done so, and the child ends.
 *
 * Behind a fork(2) superd notes the pid, too. The child may come to it late, when the note is another start's: then it
 * stays as it is. Its own start may have been taken back before; its place has the number of the last such start
 * alone. So a child runs all the same that comes to it after the death of two superds, both with a start there. */
static inline bool child_note_pid(const struct job *job, pid_t pid)
{
	pid_t found = job->noted_before;

	if (!job->noted ||
	    __atomic_compare_exchange_n(job->noted, &found, pid, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
		return true;
	return found == pid || (job->taken_back && __atomic_load_n(job->taken_back, __ATOMIC_SEQ_CST) != job->noted_before);
}

/* Goes through the stages from `first` on and executes the program, or reports the failure and exits. `more`: the
 * stages that only superd-exec has; NULL in superd. */
_Noreturn void child_run(struct job *job, enum stage first, int (*const more[STAGES])(struct job *));

/* Reports the stage with errno, and exits. */
_Noreturn void child_fail(struct job *job, enum stage stage);

/* The same for a start apart (superd/start/spawn_async), whose child has its own memory, reports by job->report, and
 * may block. Where there is a record, it executes superd-exec, which goes through all stages. Else it first closes the
 * descriptors that the program does not get. */
_Noreturn void child_run_apart(struct job *job);

/* The sandbox of this start; NULL: none. */
static inline const struct sandbox_config *child_sandbox(const struct job *job)
{
	return job->command->flags & COMMAND_PRIVILEGED ? NULL : job->plan->sandbox;
}

/* Executes superd-exec, which goes through all stages: for a job with a record. Descriptors that are shared are unshared
 * before. */
_Noreturn void child_become_program(struct job *job);

/* Whether the start needs superd-exec. */
bool child_needs_program(const struct job *job);

#define DECIMAL_DIGITS 20               /* digits of UINT64_MAX */

/* Writes NAME=NUMBER; the name has the '='. Async-signal-safe. */
void child_write_variable(char *out, const char *name, uint64_t number);

/* Moves descriptor wanted[n] to n for all n < count, whatever their order and overlaps; the results are not
 * close-on-exec. 0, or -1 and errno. For the child, and for tests. */
int child_arrange(const int *wanted, int count);

/* Limits and priorities that superd may lack the privilege for: in a container, root often lacks CAP_SYS_RESOURCE and
 * CAP_SYS_NICE. They are no protection, so a service starts with the closest allowed value, and preflight warns. For
 * the child: async-signal-safe. 0, also if only the privilege is missing; -1 and errno for any other failure. */
int clamp_rlimit(int resource, const struct rlimit *wanted);
int clamp_nice(int nice);
int clamp_oom_score(const char *score);
