/* Everything that a child needs to become a backend, prepared by the parent (superd/start/plan.h): arguments,
 * environment, ids, limits, directories. The child makes no decisions.
 *
 * A plan is made once for a service and used for all its starts. It borrows from the service and owns one block of
 * text; plan_free frees it. */
#pragma once

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "os/cgroup/oom_score.h"
#include "os/fs/path_trust.h"
#include "table/type/condition.h"
#include "table/words/command_prefix.h"

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
	char *shell;                    /* the shell's name in place of argv[0], with "-" in front; owned; NULL: none */
};

/* The commands of one phase. */
struct plan_commands {
	struct plan_command *list;
	size_t count;
};

/* The plan of a service's starts. */
struct plan {
	struct plan_command main;
	struct plan_commands commands[PHASES];          /* by phase: ExecStartPre … ExecStopPost */
	struct condition *conditions;                   /* owned */
	size_t condition_count;
	char **environment;             /* environment_count strings, owned; a start adds its own and the NULL */
	size_t environment_count;
	char *text;                     /* owned memory that the main command points to */
	bool rereads;                   /* make a new plan for every start: it has an environment_file, or depends on other sockets */
	bool has_steps;                 /* more than the main program: conditions, commands around it, or what remains of it */
	bool per_connection;            /* make a new plan for every client, as it contains %{instance} */
	bool expands;                   /* replace $NAME and ${NAME} in argv, by each start's environment */
	bool input_is_socket, output_is_socket;         /* standard input or output is the socket (pass = inetd) */
	unsigned stream_sockets[3];     /* for an input, output or error = fd:NAME: index of the socket among those passed */
	bool tells_unit;                /* set SYSTEMD_EXEC_PID, INVOCATION_ID and other variables of systemd */

	const struct account *account;  /* user and groups; NULL: superd's own */
	const char *root, *directory;   /* root_directory, working_directory; NULL: / */
	bool directory_optional;        /* if the directory is missing, use / */
	mode_t umask;                   /* (mode_t)-1: unchanged */
	int nice;                       /* 0: unchanged */
	struct plan_limit limits[RLIMITS];
	size_t limit_count;
	char oom_score[OOM_SCORE_TEXT]; /* "": unchanged */
	bool oom_score_optional;        /* the service does not set it: ignore a failure */
	int io_priority;                /* for ioprio_set(2); -1: unchanged */
	uint64_t ambient, bounding;     /* capability sets, bit CAP_x; bounding all ones: unchanged */
	bool no_new_privileges;
	struct sock_fprog *bind_filter; /* pass = bind: the filter (os/proc/bind_filter); owned; NULL: none */
	bool bind_needs_tracer;         /* pass = bind: superd has no CAP_SYS_PTRACE, so the program has to let it look (PR_SET_PTRACER) */
	unsigned keyring;               /* enum keyring_mode */
	int executor;                   /* descriptor of superd-exec (os/host/program); 0: no start needs it */
	bool apart;                     /* starts are apart, in a process with its own memory: see superd/start/spawn.h */
	bool gets_less_time;            /* others can keep its starts from running, so any command of it is started apart */
	bool may_hang;                  /* other users can block its starts, so any command of it is started apart */
	struct own_folder *folders;     /* those that its start makes; owned */
	size_t folder_count;
	struct credentials *credentials;                /* NULL: none */
	const struct sandbox_config *sandbox;           /* NULL: none */
	const struct cgroup_settings *cgroup_settings;  /* settings of its control group; NULL: no group */
	int cpu_policy, cpu_priority;   /* for sched_setscheduler(2); policy -1: unchanged */
	bool ignores_sigpipe;           /* the program ignores SIGPIPE */
	const struct inherited_signals *signals;        /* signals to inherit; NULL: all default, none blocked */
	char **open_paths;              /* NULL-terminated, owned: directories and credentials, which no sandbox hides; NULL: none */
	bool foreground;                /* it is the main command: a process group in superd's session */
	bool takes_terminal;            /* it becomes the terminal's foreground group, as superd was */
	enum path_opener stream_openers[3]; /* which process opens an input, output or error that is a file; see plan_check_streams */
};
