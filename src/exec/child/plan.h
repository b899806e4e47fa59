/* Everything a child needs to become a backend, ready-made by the parent (exec/plan/plan): argv, environment, ids,
 * limits, places. The child only obeys.
 *
 * A plan is made once for a row and used for all its starts; it borrows from the row and owns one block of text. */
#pragma once

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "config/type/condition.h"
#include "config/words/command_prefix.h"
#include "os/cgroup/oom_score.h"
#include "os/fs/path_opener.h"

/* Signals that a process inherits as ignored or blocked. */
struct inherited_signals {
	sigset_t ignored, blocked;
};

struct plan_limit {
	int resource;
	struct rlimit value;
};

/* A command: program and arguments. */
struct plan_command {
	const char *program;
	char **argv;                    /* NULL-terminated */
	unsigned flags;                 /* COMMAND_x */
	char *text;                     /* owned memory that program and argv point to; NULL: the plan's text */
	char *shell;                    /* the name of the shell in place of the program, with - in front; NULL: none */
};

struct plan_commands {
	struct plan_command *list;
	size_t count;
};

struct plan {
	struct plan_command main;
	struct plan_commands commands[PHASES];
	struct condition *conditions;
	size_t condition_count;
	char **environment;             /* environment_count of them; a start adds its own and the NULL */
	size_t environment_count;
	char *text;                     /* owned memory that the main command points to, if it is not the row's */
	bool rereads;                   /* an environment_file: make a new plan for every start */
	bool per_connection;            /* %{instance} stands in it: make a new plan for every client */
	bool expands;                   /* $NAME and ${NAME} in argv, by each start's own environment */
	bool input_is_socket, output_is_socket;         /* pass = inetd, as far as the service says nothing else */
	unsigned stream_sockets[3];     /* of an input, output or error that is fd:NAME: the socket, by its place among those passed */
	bool tells_unit;                /* SYSTEMD_EXEC_PID, INVOCATION_ID and what else systemd tells a unit's service */

	const struct account *account;  /* NULL: superd's own ids */
	const char *root, *directory;   /* NULL: / */
	bool directory_optional;
	mode_t umask;
	int nice;
	struct plan_limit limits[RLIMITS];
	size_t limit_count;
	char oom_score[OOM_SCORE_TEXT]; /* "": untouched */
	bool oom_score_optional;        /* the row does not set it: a failure does not matter */
	void *cpus;                     /* cpu_set_t, NULL: untouched */
	size_t cpus_size;
	int io_priority;                /* for ioprio_set; -1: untouched */
	uint64_t ambient, bounding;     /* bit CAP_x; bounding all ones: untouched */
	bool no_new_privileges;
	unsigned keyring;               /* enum keyring_mode */
	bool apart;                     /* started in a process of its own memory, as it takes long: see exec/spawn/spawn.h */
	bool may_hang;                  /* others can keep its start waiting: any command of it is started apart */
	struct credentials *credentials;                /* NULL: none */
	const struct sandbox_config *sandbox;           /* NULL: none */
	const struct cgroup_settings *cgroup_settings;  /* its control group's settings; NULL: no group */
	int cpu_policy, cpu_priority;   /* for sched_setscheduler; policy -1: untouched */
	unsigned long timer_slack;      /* nanoseconds; 0: untouched */
	long personality;               /* -1: untouched */
	bool ignores_sigpipe;
	const struct inherited_signals *signals;        /* the process defaults's; NULL: each is default, none is blocked */
	char **open_paths;              /* directories and credentials, which no sandbox hides; NULL: none */
	bool foreground;                /* the main command: a process group, but superd's session */
	bool takes_terminal;            /* it becomes the terminal's foreground, where superd was that */
	enum path_opener stream_openers[3]; /* who opens an input, output or error that is a file; see plan_check_streams */
};
