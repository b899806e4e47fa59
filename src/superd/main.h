/* superd's command line, its settings, reading its table, and its own process. */
#pragma once

#include "read/client/client.h"
#include "superd/start/start.h"

/* ---- lines.c ---- */

/* A line of KEY=VALUE words, of the journal or before the text of the configuration that goes over to the next superd. */
struct journal_line {
	struct buf *out;                /* NULL: it is read */
	const char *text;               /* up to its newline or NUL */
};

enum line_kind { LINE_COUNT, LINE_NUMBER, LINE_FD, LINE_REAL, LINE_TEXT, LINE_STRING, LINE_BYTES };

#define LINE_KIND_OF(field) \
	_Generic(&(field), \
		 char **: LINE_STRING, double *: LINE_REAL, int *: LINE_NUMBER, int64_t *: LINE_NUMBER, \
		 default: _Generic((field), char *: LINE_TEXT, unsigned char *: LINE_BYTES, default: LINE_COUNT))
#define LINE_MOST_OF(field) _Generic(&(field), bool * : 1, default : INT64_MAX)

/* Write a field, or read it, where a value that does not fit, or none, leaves it as in a new object. */
#define WALK(line, key, field) WALK_MOST(line, key, field, LINE_MOST_OF(field))
#define WALK_MOST(line, key, field, most) line_walk(line, key, &(field), sizeof(field), LINE_KIND_OF(field), most)
#define WALK_FD(line, key, field) line_walk(line, key, &(field), sizeof(field), LINE_FD, INT32_MAX)

void line_write(struct buf *out, const char *key, const void *field, size_t size, enum line_kind kind);
void line_read(const struct journal_line *line, const char *key, void *field, size_t size, enum line_kind kind,
	       int64_t most);

static inline void line_walk(const struct journal_line *line, const char *key, void *field, size_t size,
			     enum line_kind kind, int64_t most)
{
	if (line->out)
		line_write(line->out, key, field, size, kind);
	else
		line_read(line, key, field, size, kind, most);
}

void line_add(struct buf *out, const char *key, const char *text, size_t length);
/* The caller frees it. NULL: there is none. */
char *line_take(const struct journal_line *line, const char *key, size_t *length);
void line_encode(struct buf *out, const char *text, size_t length);
char *line_decode(const char *text, size_t *length);
int line_read_fd(const char *value);

/* ---- command_line.c ---- */

/* The command line of superd, parsed, whatever name superd is called by. */

/* The program that superd is called as. It decides which command line superd reads. */
enum invoked_as { AS_SUPERD, AS_INETD, AS_XINETD };

enum task { TASK_RUN, TASK_CHECK, TASK_PRINT, TASK_EXPLAIN, TASK_VERSION, TASK_HELP };

/* What GUARD_AGAIN says (upgrade.c). At most one of the two is set. */
struct internal_args {
	bool checks_upgrade;            /* reports whether this superd could take over */
	int journal;                    /* of the superd that asks */
	int guard_page;                 /* this is a guard after an upgrade (guard.c); -1: it is not */
};

#define GUARD_UNSET 2                   /* neither --guard nor --no-guard */

enum option_flag {
	OPTION_ACCEPT = 1 << 0,         /* with -l, as the next five */
	OPTION_INETD = 1 << 1,
	OPTION_BIND = 1 << 2,
	OPTION_NOW = 1 << 3,
	OPTION_DATAGRAM = 1 << 4,       /* the socket type of an endpoint without one */
	OPTION_SEQPACKET = 1 << 5,
	OPTION_OF_LISTEN = (1 << 6) - 1,
	OPTION_NO_PREFLIGHT = 1 << 6,
	OPTION_KEEP_GOING = 1 << 7,
	OPTION_DAEMON = 1 << 8,
	OPTION_WARNS = 1 << 9,          /* an unsupported key of a unit is a warning, not an error */
	OPTION_PID_FILE_OPTIONAL = 1 << 10, /* given.pid_file is inetd's default: superd runs without if it cannot be written */
	OPTION_STAYS = 1 << 11,         /* AS_XINETD: -stayalive */
};

struct options {
	enum invoked_as invoked_as;
	enum task task;
	unsigned flags;                 /* enum option_flag */
	struct cli_texts sources;       /* -f, in order */
	struct cli_texts optional_sources; /* tables of inetd and xinetd that are read if they exist */
	struct pool *pool;              /* owned; holds the texts of options_join; NULL: there are none */
	enum compat compat;             /* --compat */
	struct inetd_defaults defaults; /* AS_INETD: values for services that do not set them */
	struct cli_texts endpoints;     /* -l */
	struct cli_texts environment;   /* -E */
	int64_t idle;                   /* with -l: idle_timeout, microseconds; 0: none */
	struct cli_texts fdnames;       /* --fdname, each one or more names with colons between */
	const char *print;              /* what to print, or the option to explain; NULL: all options */
	unsigned guard;                 /* 0: none, 1: superd runs under a guard; GUARD_UNSET: the default */
	const char *process_name;       /* NULL: the name of the program */
	int64_t process_limit;          /* AS_XINETD: -limit, processes; 0: no limit */
	const char *default_control;    /* the control socket where neither the command line nor the table names one; NULL: below
					 * the runtime folder */
	struct globals given;           /* the settings of superd itself that the command line sets */
	struct globals settings;        /* those in force (settings.c) */
	char **command;                 /* the words behind --; NULL: none */
	struct internal_args internal;  /* set by main after command_line_read */
	char **arguments;               /* argv, without the internal argument */
};

void options_free(struct options *options);

const char *options_name(const struct options *options);        /* "superd", "inetd", "xinetd" */

/* Standard input is empty when it is read again, so a reload would remove every service. */
bool options_read_standard_input(const struct options *options);

/* The settings of a table, as the command line overrides them; globals NULL: of none. */
struct globals options_join_settings(const struct options *options, const struct globals *globals);

/* Joins two texts; the options own the result. NULL after printing that memory ran out. */
const char *options_join(struct options *options, const char *prefix, const char *text);

/* The command line of superd, inetd or xinetd, by the name that superd is called by. */

/* Fills in the options from superd's defaults and argv. false after printing the mistake and its correction to stderr.
 * The caller calls options_free in any case. */
bool command_line_read(struct options *options, int argc, char **argv);

void command_line_help(enum invoked_as invoked_as);     /* prints --help to stdout */

extern const struct cli as_superd_cli;  /* the options of superd's own command line */

/* ---- settings.c ---- */

/* The settings of superd itself that are in force, options->settings: those of the command line, else those of the
 * table's superd { }, else the defaults. Until a table is in effect they are those of the command line alone. */

/* Notes settings of the table that the command line overrides, warns at a reload about those that wait for the next
 * start, and checks whether superd can log to the destination of the table. */
void settings_check(const struct options *options, const struct table *table, bool reloads, struct diags *diags);

/* Puts the settings of a table in force, and moves the log. starts: of a first one; else settings that only a start can
 * change stay. false: the log cannot go there, or memory ran out, which is logged; the settings concerned stay. */
bool settings_apply(struct options *options, const struct table *table, bool starts, struct log *log);

/* Save the settings that the next superd needs in an upgrade before it has read the table, and restore them. */
void settings_walk(const struct journal_line *line, struct options *options);

/* superd's own log, at the destination of the settings in effect. */
bool log_setup_is_stderr(const struct options *options);

/* Prints an error to stderr and, unless `log` is NULL or stderr itself, logs it. */
void log_setup_error(const struct options *options, struct log *log, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Whether the log could be opened, without opening or creating anything. Does not wait for a file system that may not
 * answer: such a log is refused. false with the reason in `why`. */
bool log_setup_check(const char *destination, struct buf *why);

/* Opens the log. takes_over: after an upgrade a log that cannot be opened must not end superd; it logs to stderr
 * instead. NULL: it failed, which is printed. */
struct log *log_setup_open(const struct options *options, bool takes_over);

/* Opens it again. false with the reason in the log, and in `why`, unless that is NULL: it stays where it is. */
bool log_setup_reopen(const struct options *options, struct log *log, struct buf *why);

/* ---- load.c ---- */

/* Loads a table that can be run from the sources on the command line: at a start, and at every reload. */

struct table_load {
	const struct options *options;
	/* Called for each source that was read. format: the usual file of its language; services: their number. NULL: not
	 * wanted. */
	void (*on_source)(void *context, const char *path, const char *format, size_t services);
	void *context;
	const struct table *before;     /* which a reload replaces; NULL: it is no reload */
	bool compares;                  /* nothing follows but a comparison */
};

/* Reads and checks the sources and, unless --no-preflight or --print forbid it, checks this machine. All diagnostics
 * are in diags, in the order of their lines. With --keep-going, services with errors are skipped, and their errors
 * become warnings. A reload refuses a table from standard input. The caller frees the table (table_free). NULL: out of
 * memory. */
struct table *load_table(const struct table_load *loading, struct diags *diags);

/* ---- saved.c ---- */

/* The configuration on its way to the next superd. */

/* The rows as superd.conf, and more of them, of other tables. A thread may print; the caller frees it; NULL: out of
 * memory. */
char *saved_print(const struct table *table, const struct service *const *more, size_t count);

/* The lines before them: the answers of name services, and what was skipped. An empty one is behind. */
void saved_head(const struct table *table, struct buf *out);

bool saved_is_whole(const char *text);

/* The table of the superd before: its sources are not read, and no name is looked up. As with --keep-going, a service
 * that this superd refuses is skipped, which diags says. NULL: out of memory. */
struct table *saved_read(const struct options *options, const char *text, struct diags *diags);

/* ---- skip.c ---- */

/* Leaves services with errors out of the table, and runs the rest. */

/* Marks the entries with errors as skipped (table/services/skipped.c); their errors become warnings. all:
 * --keep-going; false: only the services with a role ROLE_ALONE are skipped. before: the table in effect, whose
 * services may go on instead; NULL: this is no reload. */
void skip_faulty(struct table *table, bool all, const struct table *before, struct diags *diags);

/* ---- socket_activate.c ---- */

/* Makes the table of the one service that -l describes, which is named after its program. If the program is not
 * found, the table is empty, and diags has the error. NULL: out of memory. */
struct table *socket_activate_table(const struct options *options, struct diags *diags);

/* ---- process.c: process 1, inherited sockets, the background, the pid file ---- */

/* Sets up superd as PID 1 of a container, or as a child subreaper elsewhere (PR_SET_CHILD_SUBREAPER, prctl(2)).
 *
 * Needs no /proc, no /run, and no writable root: without them superd can do less, but it never fails. */

/* Call it once, before anything else. Afterwards descriptors 0 to 2 are open, all inherited ones are close-on-exec, no
 * signal is ignored, and the soft limit of descriptors is raised to the hard one; `defaults` keeps the original values.
 * Blocked until the loop watches them: HUP, USR1, USR2, ALRM and the stray signals (os/host/signals), and for PID 1
 * also those that stop superd. */
void pid1_enter(struct process_defaults *defaults);

/* From now on orphaned descendants become superd's children; for PID 1 they always do. Not inherited by fork(2). false
 * and errno: they do not. */
bool pid1_adopt_orphans(void);

bool pid1_is_first(void);               /* PID 1 of its namespace */

#define STORED_PREFIX "superd/"         /* of the names of sockets that a superd gave to a store (store.c) */

/* Sockets that superd itself was given by LISTEN_PID, LISTEN_FDS, LISTEN_FDNAMES (sd_listen_fds(3)), or
 * that a superd before this one has left. */
struct listen_fd {
	int fd;                         /* -1: a listener has taken it */
	char *name;                     /* owned; NULL: none */
	enum { OF_OTHERS, OF_SUPERD, OF_STORE } from;   /* a superd has bound it, and given it to the store under this name */
};

struct listen_fds {
	struct listen_fd *list;
	size_t count, room;
	int *others;                    /* other inherited descriptors, from listen_fds_note_others */
	size_t other_count, other_room;
};

/* Takes the sockets, and removes the variables from the environment. A guard keeps the variables of s6, so
 * they count for its first superd alone. */
void listen_fds_take(struct listen_fds *listen_fds);

/* Adds a socket that a superd before this one has left, if it can be a listener. It is owned from then on. false: it
 * cannot be one, or there is no memory. */
bool listen_fds_add_own(struct listen_fds *listen_fds, int fd);

/* The first records what else is open: call it after listen_fds_take, before superd opens anything. The second closes
 * these descriptors, as a daemon would hold locks or pipes of others for ever: call it after the table was read, which
 * may be one of them. */
void listen_fds_note_others(struct listen_fds *listen_fds);
void listen_fds_close_others(struct listen_fds *listen_fds);

/* Appends "web, 127.0.0.1:80": its name, if it has one, and its address. */
void listen_fd_describe(const struct listen_fd *inherited, struct buf *out);

/* Goes to the background (daemon(7), SysV daemons). */

/* Forks. The child returns 0, in a session of its own (setsid(2)). The parent waits until the child calls
 * daemonize_ready, and exits with 0; if the child ends first, with the child's status. -1 and errno: it failed. */
int daemonize_enter(void);

/* The socket to the waiting parent; -1: no parent waits. */
int daemonize_channel(void);

/* Lets the parent exit. Called once the sockets are bound. Descriptors 0 to 2 become /dev/null, but 2 stays if
 * keep_stderr, as the log is stderr. Does nothing if superd is not in the background. */
void daemonize_ready(bool keep_stderr);

/* The pid file. superd claims it by a lock (flock(2)) before it does anything that others can see, writes its pid once
 * it serves, and removes the file when it ends. The lock ends with the process, so a file that a crash left behind does
 * not keep superd from starting. */

struct pid_file {
	const char *path;               /* borrowed */
	int fd;                         /* owned; holds the lock, over a fork(2) too; -1: none */
	bool is_taken;                  /* the claim failed because another process holds the lock */
};

/* Creates the file if it is missing, and locks it. false with the reason in `why`: it cannot be written, it holds text
 * that is no pid, or another superd has claimed it. */
bool pid_file_claim(struct pid_file *file, const char *path, struct buf *why);

bool pid_file_write(struct pid_file *file);     /* writes the pid; false and errno */

/* Removes the file, if the path still leads to the claimed one and no other process's pid is in it, and unlocks it.
 * Does nothing if fd is -1. */
void pid_file_remove(struct pid_file *file);

/* ---- guard.c ---- */

/* The guard: the parent of superd, which starts it anew when it dies, and what it is to superd. Without a guard, all
 * of it does nothing. */

#define GUARD_AGAIN "--guard-again="    /* first argument of a guard after an upgrade, with the descriptor of its page */

enum { GUARD_ENDS = 512 };

/* What both share: a memory file. Members are only ever added at its end. guard.c writes it, and what is said. */
extern struct guard {
	char magic[16];
	pid_t pid;                      /* 0: superd has no guard */
	union {
		struct {
			int own, signals; /* descriptors of this file, and of the guard's signals */
			int journal;      /* whose number never changes */
			int notes[2], sender; /* for the manager: superd's end, the guard's; and where that sends them */
		};
		int fds[6];
	};
	/* Ends of the guard's own children: so many in all; superd: so many it has heard of, and so many its journal knows. */
	_Atomic unsigned ends, heard, kept;
	struct guard_end {
		pid_t pid;
		int status;             /* wait status */
		int64_t cpu;            /* microseconds */
	} ended[GUARD_ENDS];            /* those that its journal does not know yet: the n-th is at n % GUARD_ENDS */
	bool has_journal;               /* superd: one was written */
	bool restarts, upgrades;        /* superd follows one that has died or upgraded; it has ended for an upgrade */
	uint8_t upgraded;               /* NOT_UPGRADED: none has begun behind that */
	bool begun;                     /* superd: it has written its journal */
	unsigned young, deaths;         /* superds in a row that died young, and within their start; superd clears deaths */
	int death;                      /* wait status of the last that was killed */
	int stop;                       /* signal to stop that was passed on; 0: none; superd: it does, as its journal says */
	_Atomic uint64_t orders;        /* signals that no superd has handled yet: bit n - 1 */
	char program[4096];
	int refusal;                    /* errno of an upgrade to it that has failed; 0: none has */
	bool is_behind;                 /* superd: its journal lacks what the last reload has read */
} *guard;

enum { NOT_UPGRADED, UPGRADED, UPGRADE_IS_LOGGED };

/* Becomes the guard, and starts superd as a child of it, and another one whenever it has died: this returns in each of
 * these alone. page: the descriptor that GUARD_AGAIN names; -1: this is the first guard. false and errno: there is no
 * guard, and the process continues as superd. Call it before superd opens anything, or has more than one thread. name:
 * the guard's, for ps; NULL: superd-guard. */
bool guard_begin(int page, char *const *arguments, const char *name);

bool guard_is_lost(void);               /* superd had one, which has ended */
pid_t guard_first_pid(void);            /* the guard's, or superd's own: the process that others know as superd */
bool guard_owns_fd(int fd);             /* descriptors of the guard's, which stay open */

/* As notify_socket_send_fd (lib/unix_socket), but the guard sends: it is the process that the manager has started, and
 * nobody else may speak for the service (NotifyAccess=main of systemd.service(5)). Without a guard, superd sends. false
 * and errno. */
bool guard_notify(const char *name, const char *text, int descriptor);

/* ---- loop.c, upgrade.c, control.c, reload.c ---- */

enum { EXIT_TABLE = 1, EXIT_START = 2 };

/* What the command line calls of the daemon. */
int run_superd(struct options *options);
/* Reads the internal argument behind argv[0], and removes it from argv. */
struct internal_args takeover_strip(int *argc, char ***argv);

/* Checks whether this superd could take over: state, log and table. Prints one sentence to stdout. Returns the exit
 * status. */
int takeover_answer(struct options *options);
/* What its own files tell each other. */
bool control_setup_is_free(const struct options *options, struct log *log);
void supervisor_log_diags(struct log *log, const struct diags *diags);
char *state_read(void);
_Noreturn void state_fail(void);
struct table *state_table(struct options *options, const char *text);

/* ---- values.c ---- */

/* Values that the daemon keeps and writes, without its state: reasons, limits, results, notifications. */

/* The reasons to refuse a client, in superd's words and in xinetd's. Their order here has no meaning: judge_client
 * (accept.c) says in which order they are checked. */

enum refusal {
	ADMITTED,
	REFUSED_ADDRESS,                /* only_from, no_access */
	REFUSED_NAME_UNASKED,           /* only_from, no_access: its host name could not be looked up */
	REFUSED_SENSOR,                 /* it connected to a sensor within the last deny_time */
	REFUSED_TIME,                   /* access_times */
	REFUSED_PER_SOURCE,
	REFUSED_PER_SOURCE_RATE,
	REFUSED_LOAD,                   /* max_load */
	REFUSED_INSTANCES,
	REFUSED_PROCESSES,              /* limit of instances of all services */
	REFUSED_LIBWRAP,                /* hosts_access(5) */
	REFUSED_LIBWRAP_UNASKED,        /* hosts_access(5) could not be evaluated */
	REFUSED_TWIST,                  /* `twist` of hosts_options(5): another program has served it */
	REFUSED_IDENT,                  /* id_only: its ident server named no user */
	REFUSED_IDENT_UNASKED,          /* id_only: its ident server could not be asked */
	REFUSED_UNKEPT,                 /* accepted, but superd can neither serve nor keep it */
	REFUSED_CLOSED,                 /* its listener is being closed */
	REFUSALS
};

extern const struct refusal_words {
	const char *name;               /* unique, for programs: "per_source_rate", "ident_unasked" */
	const char *text;               /* for superd's log: "too many from this source (per_source)" */
	const char *word;               /* xinetd's, for a FAIL line: "address", "load", …; "": xinetd has no such line */
} refusal_words[];

/* How often something may happen, and how soon again.
 *
 * A number of events in a window of time, for cps and trigger_limit. Pure: monotonic time is an argument, in seconds. A
 * zeroed struct has counted nothing. */

struct rate_limit {
	double begun;                   /* time when the present window began */
	int64_t count;                  /* events since then */
};

/* Whether one more event would be more than `most` (UNLIMITED: never) in a window of this length. */
bool rate_limit_is_reached(const struct rate_limit *limit, int64_t most, double length, double now);

void rate_limit_count(struct rate_limit *limit, double length, double now);

/* Limits a log line that a backend or a client can cause at will. */
struct log_rate_limit {                 /* zeroed: no line was logged yet */
	double begun, last_logged;      /* loop time of the first line of a window, of the last line; 0: none */
	unsigned count, suppressed;     /* in this window; not logged since the last line */
};

#define LOG_RATE_LIMIT_MORE 40

/* Whether the line must be logged now: the first `whole` ones of a window, and after each line one after the pause. If
 * so, more gets its ending: "; 7 more before it", or "". */
bool log_rate_limit_allows(struct log_rate_limit *limit, unsigned whole, double window, double pause, double now,
			   char more[LOG_RATE_LIMIT_MORE]);

/* Once in ten seconds. */
bool log_rate_limit_is_due(struct log_rate_limit *limit, char more[LOG_RATE_LIMIT_MORE]);

/* The result of an instance, in systemd's words (SERVICE_RESULT of systemd.exec(5)): for its commands, the log, and the
 * decision whether it is started again. */

enum result {
	RESULT_SUCCESS,
	RESULT_EXIT_CODE,
	RESULT_SIGNAL,
	RESULT_CORE_DUMP,
	RESULT_TIMEOUT,
	RESULT_WATCHDOG,
	RESULT_PROTOCOL,
	RESULT_RESOURCES,               /* superd could not start it */
	RESULT_EXEC_CONDITION,          /* exec_condition prevented the start, which is no failure */
	RESULT_CONDITION,               /* a condition prevented the start, which is no failure */
	RESULT_OOM_KILL,
	RESULTS
};

const char *result_name(enum result result);            /* "exit-code" */

/* Whether it is no failure. */
static inline bool result_is_good(enum result result)
{
	return result == RESULT_SUCCESS || result == RESULT_EXEC_CONDITION || result == RESULT_CONDITION;
}

/* Describes a wait status, "exit status 3", "signal TERM"; text of at least 48 bytes. */
void status_describe(int status, char *text);

/* ---- notify_message.c ---- */

/* Parses a notification of sd_notify(3): lines of KEY=VALUE. It allocates nothing; texts point into the message,
 * which must outlive the struct. */

#define NOTE_TEXT 256                   /* bytes of a text that are kept */
#define NOTE_UNSET (-1)                 /* a number that is not in the message */

struct note_text {
	const char *at;                 /* not NUL-terminated; NULL: not in the message */
	size_t length;
};

enum note_flag {
	NOTE_READY = 1 << 0,
	NOTE_RELOADING = 1 << 1,
	NOTE_STOPPING = 1 << 2,
	NOTE_WATCHDOG = 1 << 3,
	NOTE_TRIGGER = 1 << 4,          /* WATCHDOG=trigger */
	NOTE_STORE = 1 << 5,            /* FDSTORE=1 */
	NOTE_REMOVE = 1 << 6,           /* FDSTOREREMOVE=1 */
	NOTE_UNPOLLED = 1 << 7,         /* FDPOLL=0 */
	NOTE_BARRIER = 1 << 8,          /* BARRIER=1 and nothing else */
};

struct notify_message {
	unsigned flags;                 /* enum note_flag */
	int64_t watchdog_every, extend; /* WATCHDOG_USEC, EXTEND_TIMEOUT_USEC, microseconds */
	int64_t main_pid;               /* MAINPID */
	struct note_text status;        /* STATUS */
	struct note_text name;          /* FDNAME, if it is valid */
	struct note_text wrong;         /* the first line with an invalid value, which is ignored */
};

/* Parses a text of this length. If a key occurs twice, the last one counts. false: BARRIER=1 stands among other
 * lines, which is invalid. */
bool notify_message_parse(const char *text, size_t length, struct notify_message *message);
