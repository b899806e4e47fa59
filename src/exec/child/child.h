/* What runs between fork and exec: the plan of a service's starts (struct plan), one start (struct job), and its stages
 * (enum stage). In front of these is what they work with: sandbox, credentials, folders, streams, control group. */
#pragma once

#include <sys/resource.h>

#include "os/proc/proc.h"
#include "table/services/services.h"

/* How a service is confined: namespaces, mounts, seccomp filters. sandbox_make makes the configuration of a service
 * when the table is loaded; services with equal options share it.
 *
 * superd prepares every path and list, and superd-exec makes the system calls (src/exec/stages). */

/* fault.resource in STAGE_MOUNTS: root_directory could not be entered. */
#define SANDBOX_ROOT (-2)

/* The kernel's MOUNT_ATTR_x, which older headers lack. */
enum {
	MOUNT_TREE_READ_ONLY = 0x1,
	MOUNT_TREE_NO_SUID = 0x2,
	MOUNT_TREE_NO_DEVICES = 0x4,
	MOUNT_TREE_NO_EXEC = 0x8,
	MOUNT_TREE_NO_ATIME = 0x10,
	MOUNT_TREE_STRICT_ATIME = 0x20,
	MOUNT_TREE_NO_DIR_ATIME = 0x80,
};

struct sock_fprog;

/* Content of a mount. If options name two for one path, the first of this list wins. */
enum mount_content {
	CONTENT_INACCESSIBLE,           /* an empty folder, or a device that cannot be opened */
	CONTENT_BIND,                   /* `source`, as it is outside the sandbox */
	CONTENT_PRIVATE_TMP,            /* a folder of the instance's own below `source` */
	CONTENT_DEVICES,                /* a tmpfs with few devices */
	CONTENT_PROC,                   /* a new proc(5) */
	CONTENT_SYS,                    /* a new sysfs(5), which shows the service's network */
	CONTENT_QUEUES,                 /* its own POSIX message queues */
	CONTENT_TEMPORARY,              /* a tmpfs(5) */
	CONTENT_AS_BEFORE,              /* the files there, with other access */
};

/* One mount of a sandbox. */
struct sandbox_mount {
	const char *path;               /* mount point, as the backend sees it */
	const char *option;             /* option that asked for the mount, for messages */
	const char *source, *data;      /* BIND, PRIVATE_TMP: where the tree comes from; PROC, TEMPORARY: data of mount(2) */
	unsigned content;               /* enum mount_content */
	unsigned flags;                 /* TEMPORARY: MOUNT_TREE_x of the new file system */
	unsigned attributes;            /* MOUNT_TREE_x to set, here and in all mounts below */
	unsigned restored;              /* MOUNT_TREE_x that the mount above has and this one lacks, and that are to be cleared */
	unsigned marks;                 /* enum mount_mark */
};

enum mount_mark {
	MOUNT_KEEPS = 1 << 0,           /* AS_BEFORE: access does not change, regardless of the mount above */
	MOUNT_RECURSIVE = 1 << 1,       /* BIND: with the mounts below */
	MOUNT_OPTIONAL = 1 << 2,        /* no error if the path is missing */
	MOUNT_CLOSES = 1 << 3,          /* becomes read-only once all mount points exist; DEVICES, which always does: and those
					 * kept from outside, as /dev/shm */
	MOUNT_IN_NEW = 1 << 4,          /* a mount above has new content, so this path is not what it was */
	MOUNT_OWN = 1 << 5,             /* BIND: a folder of the service's own, which no other mount hides: there may be none, but
					 * what closes its place fails the start */
};

/* A sandbox, in the table's pool. */
struct sandbox_config {
	unsigned namespaces;            /* CLONE_NEWx to unshare, without CLONE_NEWUSER */
	bool users;                     /* private_users: a user namespace (user_namespaces(7)) */
	unsigned flags;                 /* enum plan_flag: those that the sandbox needs */
	const char *root;               /* root_directory to enter before the mounts are made; NULL: / */
	const struct sandbox_mount *mounts;             /* sorted: a path comes before those below it */
	size_t mount_count;
	uint64_t dropped;               /* capabilities to drop from the bounding set, bit CAP_x */
	const char *profile;            /* AppArmor profile; NULL: none */
	const struct sock_fprog *const *filters;        /* seccomp filters, NULL-terminated; NULL: none */
};

/* Means of a sandbox that a machine may lack, as bits. */
enum sandbox_need {
	SANDBOX_NEEDS_MOUNTS = 1 << 0,          /* a mount namespace, and mount_setattr(2) */
	SANDBOX_NEEDS_NETWORK = 1 << 1,         /* a network namespace */
	SANDBOX_NEEDS_QUEUES = 1 << 2,          /* an IPC namespace */
	SANDBOX_NEEDS_NAME = 1 << 3,            /* a UTS namespace */
	SANDBOX_NEEDS_USERS = 1 << 4,           /* a user namespace */
	SANDBOX_PROBED = (1 << 5) - 1,          /* the bits above, which a process tries */
	SANDBOX_NEEDS_FILTER = 1 << 5,          /* seccomp filters */
	SANDBOX_NEEDS_PROFILE = 1 << 6,         /* AppArmor */
	SANDBOX_NEEDS_CONTEXT = 1 << 7,         /* SELinux; never available */
	SANDBOX_NEEDS_PROC = 1 << 8,            /* mounting a new /proc */
};

struct sandbox_support;
struct process_defaults;

/* Makes the sandbox of a service whose account is known: service->prepared->sandbox, NULL if no option asks for one. An
 * option that this machine lacks is left out only if the table allows that (warns_of_unsupported); otherwise preflight
 * reports it, and the start fails. filters: as in struct sandbox_config; borrowed. Adds a diagnostic for a failure. */
void sandbox_make(struct service *service, const struct table *table, struct sandbox_support *support,
		  const struct sock_fprog *const *filters, struct diags *diags);

/* Whether the service sees something else at a path than superd does, so that superd cannot judge the path. */
bool sandbox_covers(const struct sandbox_config *sandbox, const char *path);

/* Whether its root_directory is a chroot(2) that the backend can leave, as it is root and superd cannot make mounts. */
bool sandbox_leaves_root(const struct service *service);

/* The path of the mount with this number, and its option in *option; behind the mounts comes the notify socket. NULL: there
 * is none. */
const char *sandbox_fault_path(const struct service *service, int number, const char **option);

/* The credentials of a service (systemd.exec(5), "Credentials"), from superd (superd/start/folders.c) to superd-exec,
 * which loads them. */

enum credential_kind { CREDENTIAL_LOADED, CREDENTIAL_SET };

/* One credential. superd parses the options. Owned by struct credentials. */
struct credential {
	unsigned kind;                  /* enum credential_kind */
	char *id;                       /* its name */
	char *source;                   /* LOADED: a path or a name; SET: the value, which may contain any bytes */
	size_t length;                  /* bytes of the source */
};

/* The folders that a service has of its own (state_directory and so on), as a start makes them. */

/* One of them. */
struct own_folder {
	const char *base;               /* the administrator's, such as /var/lib */
	char *name;                     /* path below the base; owned */
	char *link, *target;            /* a link below the base, and where it leads from its place; owned; NULL: none */
	mode_t mode;
	bool sets_mode;                 /* a folder that is there already gets the mode, too */
	bool is_owned;                  /* it becomes the user's of the start */
};

/* All credentials of a service: made with the plan. credentials_free frees them. */
struct credentials {
	struct own_folder folder;       /* that they are in, one for all instances */
	char *received;                 /* folder of superd's own credentials; NULL: none */
	struct credential *list;        /* of two with the same name the later one counts */
	size_t count;
};

/* Files for standard input, output or error, which superd-exec opens (exec/stages/files.c). */

struct job;

/* How to open one stream's file. */
struct stream_file {
	const char *path;               /* borrowed; NULL: this stream is not a file */
	int flags;                      /* flags of open(2) */
	bool is_same;                   /* share the open file description of the previous stream, as it is the same file */
};

/* The child's part of a control group: it creates the group, writes the group's settings, and moves itself in. If an
 * earlier command of the same instance has created the group, the child only moves in. Async-signal-safe. */

struct cgroup_delegation;
struct job;

/* A text to write to a file of the group. */
struct cgroup_attribute {
	const char *file, *text;        /* file name, such as memory.max; borrowed */
	const char *option;             /* option that it comes from, for messages */
	bool optional;                  /* ignored if the kernel has no such file */
};

/* The settings of a service's control group, made by superd/start/cgroup.c and shared by its starts. */
struct cgroup_settings {
	const struct cgroup_delegation *place;  /* where superd may create groups */
	bool has_group;                 /* each start creates a group */
	const struct cgroup_attribute *list;
	size_t count;                   /* of the list */
	unsigned controllers;           /* controllers (enum controller) that the list needs */
	struct cgroup_bpf_program programs[CGROUP_BPF_KINDS];   /* by kind; count 0: none */
};

/* Values of fault.resource in STAGE_CGROUP; other values are indexes in the list. */
#define CGROUP_ITSELF (-1)              /* the group could not be created or entered */
#define CGROUP_PROGRAMS 1000            /* + enum cgroup_bpf_kind: this BPF program could not be attached */

/* Everything that a child needs to become a backend, prepared by the parent (superd/start/plan.c): arguments,
 * environment, ids, limits, directories. The child makes no decisions.
 *
 * A plan is made once for a service and used for all its starts. It borrows from the service and owns one block of
 * text; plan_free frees it. */

/* Signals that a process inherits as ignored or blocked. */
struct inherited_signals {
	sigset_t ignored, blocked;
};

struct plan_limit {
	int resource;                   /* RLIMIT_x */
	struct rlimit value;
};

/* A command: program and arguments. */
struct plan_command {
	const char *program;            /* its path */
	int file;                       /* superd's own program, executed by this descriptor (os/host/program); 0: none */
	char **argv;                    /* NULL-terminated */
	unsigned flags;                 /* COMMAND_x */
	char *text;                     /* owned memory that program and argv point to; NULL: the plan's text */
};

/* The commands of one phase. */
struct plan_commands {
	struct plan_command *list;
	size_t count;
};

/* What superd does with a plan, and the child with a start. */
enum plan_flag {
	PLAN_REREADS = 1 << 0,          /* it is made for every start: it has an environment_file, depends on other sockets, or
					   lacks a program, which may come */
	PLAN_PER_CONNECTION = 1 << 1,   /* it is made for every client, as it contains %{instance} */
	PLAN_EXPANDS = 1 << 2,          /* replace $NAME and ${NAME} in argv, by each start's environment */
	PLAN_TELLS_UNIT = 1 << 5,       /* set SYSTEMD_EXEC_PID, INVOCATION_ID and other variables of systemd */
	PLAN_DIRECTORY_OPTIONAL = 1 << 6,       /* if the directory is missing, use / */
	PLAN_NO_NEW_PRIVILEGES = 1 << 8,
	PLAN_IGNORES_SIGPIPE = 1 << 10,
	PLAN_DELEGATES = 1 << 11,       /* delegate (Delegate=): the control group belongs to the service's user */
	PLAN_USERS_FIRST = 1 << 12,     /* enter the user namespace first, as it gives the right to the others */
	PLAN_REFUSES_EXECUTABLE_MEMORY = 1 << 13,       /* memory_deny_write_execute: PR_SET_MDWE besides the filter */
	PLAN_TELLS_HOST = 1 << 14,      /* set REMOTE_HOST, as xinetd does */
};

/* Which starts go by superd-exec, in memory of their own (superd/launch.c). */
enum apart {
	NOT_APART,
	APART,                          /* but those of commands with superd's rights (COMMAND_PRIVILEGED) */
	ALL_APART,                      /* others can hold them up, by a path of theirs or by taking its time */
};

enum foreground {
	BACKGROUND,                     /* a session of its own */
	FOREGROUND,                     /* it is the main command: a process group in superd's session */
	TAKES_TERMINAL,                 /* which becomes the terminal's foreground group, as superd was */
};

/* The plan of a service's starts. */
struct plan {
	unsigned flags;                 /* enum plan_flag */
	enum apart apart;
	enum foreground foreground;
	struct plan_command main;
	struct plan_commands commands[PHASES];          /* by phase: ExecStartPre … ExecStopPost */
	struct condition *conditions;                   /* owned */
	size_t condition_count;
	char **environment;             /* environment_count strings, owned; a start adds its own and the NULL */
	size_t environment_count;
	words unset;                    /* unset_environment, for what a start adds; borrowed */
	char *text;                     /* owned memory that the main command points to */
	unsigned stream_sockets[3];     /* for an input, output or error = fd:NAME: index of the socket among those passed */

	const struct account *account;  /* user and groups; NULL: superd's own */
	const char *root, *directory;   /* root_directory, working_directory; NULL: / */
	mode_t umask;                   /* (mode_t)-1: unchanged */
	int nice;                       /* 0: unchanged */
	struct plan_limit limits[RLIMITS];
	size_t limit_count;
	char oom_score[OOM_SCORE_TEXT]; /* "": unchanged */
	int io_priority;                /* for ioprio_set(2); -1: unchanged */
	uint64_t ambient, bounding;     /* capability sets, bit CAP_x; bounding all ones: unchanged */
	struct sock_fprog *bind_filter; /* pass = bind: the filter (os/proc/bind_filter); owned; NULL: none */
	pid_t tracer;                   /* its program lets this process and those below look at it (PR_SET_PTRACER); 0: it need not */
	unsigned keyring;               /* enum keyring_mode */
	struct own_folder *folders;     /* those that its start makes; owned */
	size_t folder_count;
	struct credentials *credentials;                /* NULL: none */
	const struct sandbox_config *sandbox;           /* NULL: none */
	const struct cgroup_settings *cgroup_settings;  /* settings of its control group; NULL: no group */
	int cpu_policy, cpu_priority;   /* for sched_setscheduler(2); policy -1: unchanged */
	const struct inherited_signals *signals;        /* signals to inherit; NULL: all default, none blocked */
};

/* Between the start of a process and its program: the stages that a child goes through, async-signal-safe, possibly in
 * its parent's memory.
 *
 * A job is one start. superd/start fills it in. If a stage fails, the child puts the stage and errno into `fault`, in
 * the shared memory or through `report`. */

/* The stages, in their order. In front of them is run_child (superd/launch.c). */
enum stage {
	STAGE_NONE,
	STAGE_WORDS, /* the command's words became too long; there is no child */
	STAGE_RECORD, /* the text for superd-exec; there is no child */
	STAGE_FORK, /* fork(2) or clone(2) failed */
	STAGE_PROGRAM, /* superd-exec, which then goes through all others */
	STAGE_RULES, /* the address rules of sockets that other programs have had: whoever has one may hold its lock */
	STAGE_CONDITIONS,       /* before anything is made, as in systemd */
	STAGE_FOLDERS,  /* the service's own, for which superd itself could wait for ever */
	STAGE_CREDENTIALS,
	STAGE_STREAMS,  /* opens the files of standard streams */
	STAGE_MAPPER, /* for PRIVATE_USERS; outside of the control group */
	STAGE_CGROUP,   /* the first stage of other starts: the group's limits hold for all others */
	STAGE_DESCRIPTORS,
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

/* For messages: the stage that failed, such as "setting user", and the option that it carries out; NULL: none, or
 * several. */
const char *stage_name(enum stage stage);
const char *stage_option(enum stage stage);

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
	const struct stream_file *files;                /* three files for the standard streams; NULL: the child opens none */
	const struct socket_rules *rules;               /* set by superd-exec */
	size_t rules_count;
	const struct plan_command *command;             /* the plan's main command, or another one */
	bool checks;                    /* check the plan's conditions first */
	int after;                      /* pidfd of a process that must end before; it is killed after five seconds; 0: none */
	int file;                       /* command->file, or its number in the child */
	char **argv;                    /* the command's arguments, or a copy with variables replaced (superd/start/environment.c) */
	char **environment;             /* NULL-terminated; contains the texts below as far as they apply */
	/* Variables with the child's pid, which only the child knows. */
	char watchdog_pid[sizeof("WATCHDOG_PID=") + 20];
	char listen_pid[sizeof("LISTEN_PID=") + 20];
	char exec_pid[sizeof("SYSTEMD_EXEC_PID=") + 20];
	bool shares_descriptors;        /* started with CLONE_FILES: unshare descriptors first */
	volatile enum stage stage;      /* the present stage, for reports on a child that hangs */
	int report;                     /* pipe for `fault`; -1: the memory is shared */
	int record;                     /* the start for superd-exec (exec/start_record.c); -1: it does without */
	int executor;                   /* with a record: descriptor of superd-exec */
	char **executor_environment;    /* for superd-exec, of a child in superd's memory */
	int filter_channel;             /* pass = bind: descriptor, behind those of the program, that gets the filter's; 0: none */
	const char *notify;             /* path of its notify socket, which is mounted where a sandbox would hide it; NULL: none */
	int mapper;                     /* superd-exec's: socket to the process that writes the maps of a user namespace */
	pid_t mapper_pid;               /* that process */
	uint64_t private_id;            /* number in the names of its private_tmp folders; 0: none */
	const char *group;              /* path of the control group to create; NULL: none */
	int into;                       /* descriptor of the control group to start in; 0: none */
	struct fault fault;             /* result of a failed stage; before that only `resource` is used */
};

/* Goes through the stages from `first` on and executes the program, or reports the failure and exits. `more`: the
 * stages that only superd-exec has; NULL in superd. */
_Noreturn void child_run(struct job *job, enum stage first, int (*const more[STAGES])(struct job *));

/* Reports the stage with errno, and exits. */
_Noreturn void child_fail(struct job *job, enum stage stage);

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

/* Writes the variables that hold the child's pid. */
void child_write_variables(struct job *job, pid_t pid);

/* Moves descriptor wanted[n] to n for all n < count, whatever their order and overlaps; the results are not
 * close-on-exec. 0, or -1 and errno. For the child, and for tests. */
int child_arrange(const int *wanted, int count);

/* Limits and priorities that superd may lack the privilege for: in a container, root often lacks CAP_SYS_RESOURCE and
 * CAP_SYS_NICE. They are no protection, so a service starts with the nearest limit, or with superd's own priority, and
 * preflight warns. For the child: async-signal-safe. 0, also if only the privilege is missing; -1 and errno for any other
 * failure. */
int clamp_rlimit(int resource, const struct rlimit *wanted);
int clamp_nice(int nice);
int clamp_scheduling(int policy, int priority);
int clamp_oom_score(const char *score);
