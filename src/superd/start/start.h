/* What a start needs: made of a service's row while a table is loaded (control group, sandbox) or before its first
 * start (the plan), and for each start (variables, descriptors). The daemon fills a struct spawn_request, and the
 * child between fork and exec, or superd-exec, works through the plan (exec/child). */
#pragma once

#include "exec/child/child.h"

/* The properties that all starts inherit from superd's own process. Filled in once when superd starts; the strings live
 * as long as the process. */

struct process_defaults {
	struct rlimit inherited_nofile;	  /* RLIMIT_NOFILE before superd raised its own, for the main command */
	struct rlimit nofile;		  /* the same with a reasonable soft limit, for all services */
	char **environment;		  /* superd's own environment, for passenv */
	bool ignores_hangup;		  /* superd was started with SIGHUP ignored, as by nohup(1) */
	struct inherited_signals signals; /* signals before superd reset them, for the main command */
	uint64_t
		ambient; /* ambient capabilities that superd was started with, for the main command and for a successor */
	const char *runtime_directory, *state_directory; /* base folders of these options: /run, /var/lib, … */
	const char *cache_directory, *logs_directory, *configuration_directory;
	const char *control; /* path of superd's control socket, whose folder no service may have; NULL: none */
};

/* ---- plan.c, argv.c: the plan of a start ---- */

/* Makes the plans (struct plan of exec/child/child.h) of services. All names are looked up here, and failures that
 * can be found early are found here. */

/* Facts about a service's sockets that are known only once they are open. All borrowed. */
struct plan_sockets {
	unsigned port;	      /* value of %{port} */
	const bool *missing;  /* by socket: true if it is optional and not open, so not passed; NULL: all are passed */
	const char *instance; /* value of %{instance}; NULL: unknown */
	/* For datagrams of builtins and redirects: the UDP ports of all of them, so that no two answer each other for
	 * ever. */
	const uint16_t *loop_ports;
	size_t loop_count;
	pid_t first_pid; /* superd's guard, or superd: all that superd runs is below it, also the next superd */
};

/* Makes the plan of a service, for plan_free. NULL with the reason in why, such as "environment_file: /etc/x: No such
 * file or directory (superd.conf:12)". */
struct plan *plan_make(const struct service *service, const struct process_defaults *defaults,
		       const struct plan_sockets *sockets, struct buf *why);

/* Says in why what is wrong with an option, and where it stands: "env: '%{x}' has an unknown template
 * (superd.conf:12)". Returns false. */
bool plan_fail(const struct service *service, const char *option, struct buf *why, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* The plan of a main command, which is not in the table: superd's own environment, streams and ids. NULL: out of
 * memory. */
struct plan *plan_command(char *const *argv, const struct process_defaults *defaults);

/* The plan of one of superd's own programs, without capabilities, with PATH alone, and as this account; NULL: superd's
 * own. arguments: NULL-terminated, borrowed. nofile: its RLIMIT_NOFILE; NULL: superd's. NULL with the reason in why. */
struct plan *plan_own_program(enum program which, const char *const *arguments, const struct account *account,
			      const struct rlimit *nofile, struct buf *why);

void plan_free(struct plan *plan); /* accepts NULL */

/* Whether a start gives the program a network namespace other than superd's. */
bool plan_gives_network(const struct service *service);

/* Adds the path of a program: one without a slash is searched for in exec_search_path. false: it is not found, and nothing
 * is added, which fails with ENOENT: a bare name would be looked for in the service's working directory. */
bool plan_find_program(const struct service *service, const char *name, struct buf *out);

enum program plan_builtin_program(const struct service *service); /* which serves builtin or redirect */

/* Makes the plan of the relay of a service (superd/relay.c): a superd-builtin that runs as this account, which
 * is borrowed. NULL with the reason in why. */
struct plan *plan_relay(const struct service *service, const struct account *account,
			const struct process_defaults *defaults, const struct plan_sockets *sockets, struct buf *why);

/* The descriptor at which superd-builtin gets its channel to superd (channel_begin); -1: none. */
int plan_channel(const struct service *service);

/* Whether a text of the service has %{instance}, so that each connection has a plan of its own. */
bool plan_names_any_instance(const struct service *service);

/* The service's standard error. A builtin's is the log even if the table says socket, as its messages are superd's. */
const struct stream *plan_error_stream(const struct service *service);

/* ---- environment.c: variables ---- */

/* The environment of a program (environ(7)). */

struct account;

/* Variables by name; a later one replaces an earlier one. The strings are owned; variables_free frees them. A zeroed
 * struct is empty. */
struct variables {
	char **list;
	size_t count, capacity;
	bool failed; /* out of memory: a variable is missing */
};

void variables_set(struct variables *variables, const char *assignment); /* NAME=value, copied */
void variables_setf(struct variables *variables, const char *format, ...) __attribute__((format(printf, 2, 3)));
void variables_unset(struct variables *variables, const char *name); /* NAME, or NAME=value to remove that value only */
void variables_free(struct variables *variables);

/* Reads an environment_file, or all files that match its pattern, within a second or so, as systemd.exec(5) describes:
 * comments, quotes, continued lines. account: the service's (foreign_read_file). false with the file and the reason in
 * why, and errno. As in systemd, a line that is no assignment is passed over. */
bool variables_read_file(struct variables *variables, const char *path, const struct account *account, struct buf *why);

/* ---- paths.c: the files that a service names ---- */

/* What becomes of a path, as bits. */
enum start_rule {
	START_STREAM = 1,	/* the instance's process opens it (path_open_stream) */
	START_VARIABLES = 2,	/* it is read before each start (variables_read_file) */
	START_CREDENTIAL = 4,	/* the instance's process reads it (path_open_to_read) */
	START_BANNER = 8,	/* superd reads it */
	START_RECORDS = 16,	/* superd writes it */
	START_LINK = 32,	/* superd makes a link there */
};

/* One of them. It borrows all from its service. */
struct start_path {
	size_t number;		/* of the next one: begin with 0 */
	enum start_rule rule;
	const char *option;	/* "load_credential" */
	const char *word;	/* "id:/run/key"; NULL: the option's value */
	const char *path;	/* "/run/key"; of variables also "-/run/env" or a pattern */
	int flags;		/* of a stream, for open(2) */
};

/* Steps through those with these rules. false: that was the last. */
bool start_path_next(const struct service *service, unsigned rules, struct start_path *path);

/* Whether it would be refused now, as another user could lead the path elsewhere. Opens what there is, by the rights of
 * whom it will be opened. false with the reason in why. */
bool start_path_check(const struct service *service, const struct start_path *path, struct buf *why);

/* The service's standard input (0), output (1) or error (2). */
const struct stream *plan_stream(const struct service *service, int number);

/* The flags for open(2) of a stream that is a file. beside: of a command, which truncates nothing. */
int stream_flags(const struct service *service, int number, bool beside);

/* ---- folders.c: folders, credentials, and their removal ---- */

/* The directories of a service below fixed base folders (systemd.exec(5), RuntimeDirectory= and so on): created for its
 * user before a start; the runtime ones are removed after its end. A directory that contains a listener is never
 * removed. */

#define DIRECTORY_KINDS 5

struct plan;

/* One kind of directories, for one service. Borrows everything. */
struct directory_kind {
	const char *option, *variable; /* "state_directory", "STATE_DIRECTORY" */
	const char *base;	       /* base folder, such as "/var/lib" */
	words names;		       /* "NAME" or "NAME:LINK" */
	mode_t mode;   /* NO_MODE: its option is unset */
	bool is_owned; /* the service's user owns them */
};

/* Fills in the directories of a service, the runtime ones first. */
void directories_of(const struct service *service, const struct process_defaults *defaults,
		    struct directory_kind kinds[DIRECTORY_KINDS]);

/* The home of superd's user if it is not root and the service is a unit, which then has its directories below it; NULL:
 * it is no such service, or there is no home. */
const char *session_home(const struct service *service);

/* The length of NAME in "NAME:LINK". */
size_t directory_name_length(const char *word);

/* Fills in the base folders, as superd was configured, and for superd's user. */
void directories_find_bases(struct process_defaults *defaults);

/* Plans the service's directories, which each of its starts makes, with missing ones above. false with the reason in
 * why. */
bool directories_plan(struct plan *plan, const struct service *service, const struct process_defaults *defaults,
		      struct buf *why);
void directories_plan_free(struct plan *plan);

/* Says of the directory with this number in the plan why it could not be made. */
void directories_describe_fault(const struct service *service, const struct process_defaults *defaults, int number,
				int error, struct buf *why);

/* Whose directory it is. Asks no file system that is mounted there. false: there is none, or that cannot be told. */
bool directories_find_owner(const char *base, const char *word, uid_t *owner);

/* The folders of an instance with private_tmp, below /tmp and /var/tmp. The child creates them; superd removes them
 * after the instance's end.
 *
 * A random number for a new instance's folders; 0: the service has no private_tmp, or the kernel gives no number, and the
 * start fails. */
uint64_t private_tmp_new(const struct service *service);

/* Appends "/tmp/superd-NAME-", which the number in hexadecimal follows. */
void private_tmp_prefix(const char *above, const char *service, struct buf *out);

/* Removes the folders and their contents. A number of 0 does nothing. false and errno: they stay. */
bool private_tmp_remove(const char *service, uint64_t number);

/* The credentials of a service (systemd.exec(5), "Credentials"): secrets in files of a folder of its own, which
 * CREDENTIALS_DIRECTORY names. The child reads them, as a source may be slow or missing.
 *
 * It is a folder below superd's runtime directory for all instances, which the service's user alone can read. Each start
 * reads the sources again; superd removes it after the last instance. A root_directory needs a mount to have it. */

struct process_defaults;
struct variables;

bool credentials_are_wanted(const struct service *service);

/* Appends "/run/credentials/NAME.service". */
void credentials_folder(const struct service *service, const struct process_defaults *defaults, struct buf *out);

/* Sets CREDENTIALS_DIRECTORY if the service has credentials. */
void credentials_set_variable(struct variables *variables, const struct service *service,
			      const struct process_defaults *defaults);

/* Adds the service's credentials to its plan. false with the reason in why. */
bool credentials_plan(struct plan *plan, const struct service *service, const struct process_defaults *defaults,
		      struct buf *why);
void credentials_free(struct credentials *credentials); /* accepts NULL */

/* The option's word with this number, without its secret part (*length), and the option, for messages; NULL: there is
 * none. */
const char *credentials_fault(const struct service *service, int number, const char **option, size_t *length);

/* Removing what a service has left when nothing of it runs, by superd-exec, as it may take long (exec/stages/remove).
 * superd does not wait for it but where a start, or its own end, would come too early. */

/* Removes the runtime directories with their contents, but not across a mount or through a symlink, nor one that
 * contains a listener of the table; the credentials; and the System V and POSIX IPC objects of this user; 0: of none.
 * stays: the service may start again, which matters for runtime_directory_preserve = restart. false and errno: it cannot
 * be begun. */
bool leftovers_remove(const struct table *table, const struct service *service, const struct process_defaults *defaults,
		      bool stays, uid_t ipc);

/* A process of the service is about to start as this user (0: none of its own): nothing that it makes may be removed.
 * Returns a process that removes what they left, for whose end a start apart waits; for any other start it ends, or goes
 * on with another service's folders alone. 0: there is none. */
pid_t removal_make_way(const char *service, uid_t uid, bool is_apart);

/* One that is under way, also for the next superd: this one's death ends it. */
struct removal {
	pid_t pid;
	uid_t uid;	    /* whose IPC objects are removed; 0: nobody's */
	char *name;	    /* of the service; owned */
	bool is_of_tmp;	    /* no start has these folders again */
	bool is_noted;	    /* in the journal */
	struct buf folders; /* words for superd-exec, each with its NUL; owned */
};

struct removal *removal_at(size_t n); /* NULL: there are no more */
bool removal_begin(struct buf *folders, const char *service, uid_t uid, bool is_of_tmp); /* takes folders; or errno */

/* To be called for every child that was reaped. true: it was a removal; if that has left anything, appends its service. */
bool removal_take_end(pid_t pid, int status, struct buf *left);

/* Waits for all at superd's end, ten seconds at most, and then ends them. Appends what is left. */
void removal_end(struct buf *left);

/* ---- cgroup.c ---- */

/* The settings of a service's control group: the texts of its files, and BPF programs for its devices and packets. Made
 * when the table is loaded; applied by the child of each start (exec/child/child.c). A setting that this machine
 * lacks is skipped, or refused if it protects: preflight reports it, plan_make applies it. */

/* State shared by all services of a table while their settings are made. Zeroed at first. */
struct cgroup_settings_cache {
	const struct cgroup_delegation *place; /* NULL: not yet looked for */
	const struct resource_options
		*plain_resources; /* option groups of the last service that needed nothing; NULL: none yet */
	const struct cgroup_filter_options *plain_cgroup_filters;
	signed char takes_devices; /* whether groups can have programs for devices: 1, -1; 0: not asked yet */
};

/* Makes the settings of a service whose account is known: service->prepared->cgroup_settings, NULL if no option needs
 * any. false: out of memory, with a diagnostic. */
bool cgroup_settings_make(struct service *service, const struct table *table,
			  struct cgroup_settings_cache *cgroup_cache, struct diags *diags);

/* Called for each configured option that this machine cannot enforce, with why. protects: the service does not start; else
 * the option is ignored, as it only tunes. */
typedef void support_say(void *context, const struct service *service, const char *option, bool protects,
			 const char *why);
void cgroup_settings_compare(const struct service *service, support_say *say, void *context);

/* Whether files of a control group have other texts by the second row; and writes those of a group that has the first
 * one's, which may take as long as the kernel needs to take memory back. false and errno: not all are written. */
bool cgroup_settings_differ(const struct service *before, const struct service *after);
bool cgroup_settings_change(const struct service *before, const struct service *after, const char *group);

/* Whether the service has cpu_quota or cpu_weight, and its group the controller; and writes these alone. */
bool cgroup_settings_share(const struct service *service);
bool cgroup_settings_write_share(const struct service *service, const char *group);

/* The option that belongs to a fault's resource in STAGE_CGROUP; NULL: the group itself could not be created or
 * entered. */
const char *cgroup_settings_fault_option(const struct service *service, int resource);

/* This machine's memory in bytes, and number of tasks, for percentages; SCAN_INFINITY: unknown. */
int64_t machine_memory(void);
int64_t machine_tasks(void);

/* ---- sandbox.c ---- */

/* Finds out which means of a sandbox this machine and superd's rights allow. */

/* The features that the machine allows, filled in by the first query. A zeroed struct is empty. */
struct sandbox_support {
	char program_flaw[512]; /* why superd-exec cannot do it, so all means are missing; "": it can */
	unsigned lacking;	/* enum sandbox_need: means that are missing, among them SANDBOX_NEEDS_CONTEXT; 0: not probed yet */
	const struct option_groups
		*plain_groups; /* option groups of the last service if it needed nothing, as most do */
};

/* The means that this machine lacks (enum sandbox_need). */
unsigned sandbox_support_missing(struct sandbox_support *support);

/* Calls `say` for each configured option that needs a missing means. All of them protect. */
void sandbox_support_compare(struct sandbox_support *support, const struct service *service, struct pool *scratch,
			     support_say *say, void *context);

/* ---- spawn.c: processes ---- */

/* Starts processes (superd/launch.c). A pipe reports success by closing at the exec, and failure by what the child
 * writes. */

#define INVOCATION_ID 32 /* hexadecimal digits */

/* One start: its plan, what differs from other starts, and the result. Texts and lists are borrowed. */
struct spawn_request {
	const struct plan *plan;
	const struct plan_command *command; /* NULL: the plan's main command */
	bool checks;			    /* check the plan's conditions first; the start is then apart */
	const char *service; /* whose leftovers must not be in the way; NULL: superd starts a program of its own */
	const int *wanted;   /* wanted[n] becomes descriptor n; -1: descriptor n is closed */
	int wanted_count;    /* at least 3 */
	/* pass = bind: socket whose other end receives the descriptor of the program's filter, and index of the socket
	 * in `wanted`, the last one; 0: none. */
	int filter_channel;
	/* Three files that the child opens; the start is then apart. NULL: none. */
	const struct stream_file *files;
	unsigned listen_count;	    /* LISTEN_FDS (sd_listen_fds(3)); 0: no LISTEN_* variables */
	const char *names;	    /* the whole text LISTEN_FDNAMES=…; NULL without listen_count */
	const char *remote_address; /* "": no REMOTE_ADDR and REMOTE_PORT */
	int remote_port;	    /* -1: none */
	const char *
		local_address; /* local end of a TCP connection, for TCPLOCALIP and so on; NULL: none of these variables */
	int local_port;
	uint64_t cookie;	      /* SO_COOKIE of the connection; 0: none */
	const char *notify;	      /* the whole text NOTIFY_SOCKET=…; NULL: none */
	int64_t watchdog;	      /* WATCHDOG_USEC, microseconds (sd_watchdog_enabled(3)); 0: none */
	unsigned store;		      /* FDSTORE, number of descriptors (sd_pid_notify_with_fds(3)); 0: none */
	const char *const *variables; /* further NAME=value, NULL-terminated; NULL: none */
	const char *invocation;	      /* INVOCATION_ID, if PLAN_TELLS_UNIT; NULL: a new one */
	uint64_t private_id;	      /* number of the instance's private_tmp folders; 0: it has none */
	const char *group; /* path of the control group that the child creates; the start is then apart. NULL: none */
	/* Descriptor of an open control group to start in; 0: none. If that is impossible, the process starts
	 * outside. */
	int into;
	double begun; /* result: earliest time of the fork, seconds of CLOCK_MONOTONIC */
	pid_t pid;    /* result: the process; -1: the start failed, for the reason in `fault` */
	/* Result of a start apart: a pipe that yields a struct fault, or its end once the program runs; the caller
	 * closes it. -1: the program runs already. */
	int report;
	struct fault fault; /* result: stage and errno of a failure */
};

/* Starts this job beside the loop, without superd-exec. Returns its pid, and its report, which the caller closes; -1 and
 * errno. */
pid_t spawn_start(struct job *job, int *report);

/* Makes a new INVOCATION_ID, for starts that share one. false: the kernel has no randomness yet. */
bool spawn_invocation(char id[INVOCATION_ID + 1]);

/* Calls `try` in a process of its own and returns its result, 0 to 255; -1 and errno: there can be none, or it has not
 * answered in five seconds; -1 and 0: it ended without an answer. For tests of the kernel's features. */
int spawn_probe(int (*try)(void));

/* Executes one of superd's own programs beside the loop, with all signals blocked. The loop reaps it. Its pid; -1 and
 * errno. */
struct own_program;
pid_t spawn_aside(const struct own_program *program, char *const *argv);

#define SPAWN_STACK (64 << 10) /* bytes of a child's stack */

/* ---- environment.c: what differs from start to start ---- */

/* The environment and the arguments of one start: its own variables in front of the plan's, and the plan's words with
 * variables replaced. */

#define SPAWN_ENVIRONMENT 48 /* variables that fit without further memory */
#define SPAWN_VALUE 120	     /* bytes of an address, at most */

/* What a job's environment points to; it outlives the job. */
struct spawn_env {
	char room[1024]; /* the texts: at most four addresses and eight numbers, with their names */
	size_t used, count; /* of the room; of the variables but the plan's */
	char *small[SPAWN_ENVIRONMENT];
	char **environment, **argv; /* owned unless they are `small` or the plan's */
};

/* Fills in environment and argv of the job. false and errno. */
bool spawn_env_make(struct spawn_env *texts, struct job *job, const struct spawn_request *request);
void spawn_env_free(struct spawn_env *texts, const struct job *job);

/* Variables in the words of a command, $NAME and ${NAME}, as in systemd.service(5), "COMMAND LINES".
 *
 * Returns the words with the variables of this environment replaced, as one block of memory for the caller to free(). A
 * word that is $NAME alone becomes as many words as the value has; ${NAME} stays within its word; $$ is a dollar sign;
 * an unset variable is empty. If nothing is left of all words, argv[0] stays as it is. NULL and errno: ENOMEM, or
 * E2BIG: it is longer than the kernel allows. */
char **argv_expand(char *const *argv, char *const *environment);

/* superd's own descriptors: standard streams, /dev/null, the loop, the set of listeners, superd's own programs, the
 * control socket with its reserve, and three for superd-output. */
#define DESCRIPTORS_OWN 28

/* ---- plan.c ---- */

/* Turns the words of scheduling options into the kernel's numbers. Fails without the kernel's calls. */

/* "idle", "best-effort[:N]" or "realtime[:N]" as ioprio_set(2) needs it. false: another text. */
bool scheduling_io_priority(const char *text, int *priority);

/* ---- argv.c ---- */

/* The words of a plan: %{…} templates, commands and conditions. */

/* Appends the text with %{fd} %{fd:NAME} %{path:NAME} %{service} %{port} %{instance} and %% replaced. false:
 * there is no such template or name, or that socket is missing. */
bool plan_expand(const struct service *service, const struct plan_sockets *sockets, const char *text, struct buf *out);

/* The index of the passed socket with this name, from 0; -1: none. */
int plan_socket_index(const struct service *service, const struct plan_sockets *sockets, const char *name);

/* Puts the program and its arguments into the plan; false with the reason in why. */
bool plan_make_relay_argv(struct plan *plan, const struct service *service, const struct plan_sockets *sockets,
			  struct buf *why);
bool plan_make_argv(struct plan *plan, const struct service *service, const struct plan_sockets *sockets,
		    struct buf *why);

/* Puts the other commands and the conditions into the plan; false with the reason in why. */
bool plan_make_commands(struct plan *plan, const struct service *service, const struct plan_sockets *sockets,
			struct buf *why);
void plan_free_commands(struct plan *plan);
