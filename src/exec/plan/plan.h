/* Everything a child needs to become a backend, ready-made by the parent: argv, environment, ids, limits, places.
 * Every name is looked up and every failure that can be found early is found here; exec/child/child only obeys.
 *
 * A plan is made once for a row and used for all its starts; it borrows from the row and owns one block of text. */
#pragma once

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>

#include "base/buf.h"
#include "config/type/condition.h"
#include "config/words/command.h"
#include "os/cgroup/oom_score.h"
#include "os/fs/path_way.h"

/* Settings that every start takes from superd's own process. */
/* Signals that a process inherits as ignored or blocked. */
struct found_signals {
	sigset_t ignored, blocked;
};

struct heritage {
	char **environment;             /* superd's own, for passenv */
	struct rlimit found_nofile;     /* before superd raised its own: the main command's */
	struct rlimit nofile;           /* the same with a sane soft limit, for all services */
	char oom_score[OOM_SCORE_TEXT]; /* of backends that choose none; "": superd's own */
	bool ignores_hangup;            /* superd was started by nohup(1) or the like */
	struct found_signals signals;   /* before superd reset them: the main command's */
	uint64_t ambient;               /* superd's own ambient capabilities when it was started: the main command's, and a successor's */
	const char *runtime_directory, *state_directory;        /* bases of those options: /run, /var/lib */
	const char *cache_directory, *logs_directory, *configuration_directory;         /* the same */
	const char *control;            /* the path of superd's control socket, whose folder no service is given; NULL: none */
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
	const struct confinement *confinement;          /* NULL: none */
	const struct allotment *allotment;              /* its control group's settings; NULL: no group */
	int cpu_policy, cpu_priority;   /* for sched_setscheduler; policy -1: untouched */
	unsigned long timer_slack;      /* nanoseconds; 0: untouched */
	long personality;               /* -1: untouched */
	bool ignores_sigpipe;
	const struct found_signals *signals;            /* the heritage's; NULL: each is default, none is blocked */
	char **open_paths;              /* directories and credentials, which no confinement hides; NULL: none */
	bool foreground;                /* the main command: a process group, but superd's session */
	bool takes_terminal;            /* it becomes the terminal's foreground, where superd was that */
	enum path_way stream_ways[3];   /* who opens an input, output or error that is a file; see plan_judge_streams */
};

/* Facts about a service's sockets that are known only once they are open. */
struct plan_sockets {
	unsigned port;                  /* what %{port} stands for */
	const bool *missing;            /* by socket: optional and not open, so not passed; NULL: none is */
	const char *instance;           /* what %{instance} stands for; NULL: none is known */
	const uint16_t *loops;          /* for builtins of datagrams: ports that answer whatever comes */
	size_t loop_count;
};

/* Makes the plan of a row. NULL with the reason in why, as "environment_file: /etc/x: No such file or directory
 * (superd.conf:12)". */
struct plan *plan_make(const struct service *service, const struct heritage *heritage,
		       const struct plan_sockets *sockets, struct buf *why);

/* Finds out whether other users can block the plan's starts, by its programs, their interpreters and its folders. Sets
 * may_hang and apart, never clears them. plan_make calls it; a plan that is kept for long is judged again. Never waits.
 * In plan_trust.c. */
void plan_judge(struct plan *plan);

/* The plan of a main command beside the table: superd's own environment, streams and ids. */
struct plan *plan_command(char *const *argv, const struct heritage *heritage);

/* The bounding set of one of superd's own programs: what it needs, or all where superd may not lower it. */
uint64_t plan_own_bounding(uint64_t kept);

void plan_free(struct plan *plan);      /* accepts NULL */

/* Finds out who is to open the files that are streams, for the next starts: a folder on the way may have come since, or
 * another owner. What is for a child makes the plan one of starts apart. */
void plan_judge_streams(struct plan *plan, const struct service *service);

/* The service's stream of this number: input (0), output (1), error (2). */
const struct stream *plan_stream(const struct service *service, int number);
bool stream_is_path(const struct stream *stream);

/* Whether output is the socket because the table says nothing else of it (pass = inetd). */
bool plan_output_is_socket(const struct service *service);

/* The program that stands in for builtin and redirect. */
#define PLAN_BUILTIN "superd-builtin"

bool plan_is_builtin(const struct service *service);

/* Whether the service is a builtin that gets datagrams or listeners, and so applies the address rules by itself. */
bool plan_judges_itself(const struct service *service);

/* The descriptor at which superd-builtin gets its channel to superd (engine/accept/channel); -1: this service needs none. */
int plan_channel(const struct service *service);

/* Its standard error: that of a builtin is the log where the table would have it be the socket, as what it says is
 * superd's. */
const struct stream *plan_error_stream(const struct service *service);

/* The first descriptor a backend of this service gets a socket at: 3, or 0 with pass = inetd. */
unsigned plan_first_descriptor(const struct service *service);
