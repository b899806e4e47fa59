/* superd while it runs: the loop, the signals, all services, the shutdown. This struct has all state; it does not
 * know the code that acts on it. superd/supervisor/supervisor_run starts that code. */
#pragma once

#include <ev.h>
#include <stdbool.h>

#include "lib/diag.h"
#include "os/host/signals.h"
#include "superd/service/admission_state.h"
#include "superd/service/tcpmux.h"
#include "superd/instance/bind_calls.h"
#include "superd/instance/instance.h"
#include "superd/instance/start_resources.h"
#include "superd/socket/listeners.h"
#include "superd/log/xinetd_log_file.h"
#include "superd/loop/child_table.h"
#include "superd/loop/engine.h"
#include "superd/loop/fd_watch.h"
#include "superd/process/stray_processes.h"
#include "superd/reload/config_loader.h"
#include "superd/reload/reload.h"
#include "superd/reload/upgrade.h"
#include "superd/instance/service_list.h"
#include "superd/instance/start_queue.h"
#include "superd/service/boot_locks.h"
#include "superd/service/operator_locks.h"
#include "superd/stop/memory_pressure.h"
#include "superd/stop/reclaim.h"

/* A main command that runs beside the services, as in a container: superd ends with it, and with its status. */
struct main_command {
	struct child child;             /* pid 0: not running */
	bool is_due;                    /* true: it is to be started, and was not yet */
	pid_t group;                    /* its process group */
	bool has_terminal;              /* true: it has superd's place in the foreground of the terminal */
	struct engine *engine;
	struct plan *plan;
	int exit_status;                /* status once it has ended; 128 + N for a signal; 126 or 127 if it cannot be run */
	void (*ended)(struct main_command *command);
};

/* Whose signals and log lines superd has: those of the program that it was called as. */
enum persona { PERSONA_SUPERD, PERSONA_INETD, PERSONA_XINETD };

/* Reports to the service manager that started superd (NOTIFY_SOCKET of sd_notify(3)): superd is ready, reloads, stops,
 * and is alive (WATCHDOG_USEC). superd repeats a state that it cannot send for lack of room or descriptors, because a
 * manager that never receives READY=1 kills superd. */
enum { SD_NOTIFY_TEXT = 160 };          /* bytes: the longest state */
struct sd_notify {
	const char *socket;             /* value of NOTIFY_SOCKET at superd's start; NULL: none; borrowed */
	int sender;                     /* kept, so that a superd without free descriptors is not taken for dead; -1: none yet */
	ev_timer watchdog;
	struct engine *engine;
	char unsent[SD_NOTIFY_TEXT];    /* the last state, which retry sends */
	ev_timer retry;                 /* runs while the state must be sent again */
	bool is_logged;                 /* that it cannot be sent was logged */
	const struct service_list *service_list;
	bool stopping;
};

/* The terminal that superd was started from. When it hangs up, as when its window is closed, all its foreground
 * processes get SIGHUP. superd must not take that for the order to reload. */
struct terminal {
	int fd;                         /* descriptor of the terminal; -1: none, or it does not matter */
	int hangups;                    /* descriptor of os/proc/fd_hangup; -1: none */
	double hung_up;                 /* loop time when it hung up; 0: it has not */
	ev_io io;
};

/* How superd hears of the ends of processes (superd/supervisor/reaper). */
struct reaper {
	ev_signal children;             /* SIGCHLD */
	ev_io guard;                    /* the guard's channel */
	ev_timer again;                 /* the next try to hear the guard or to have it reap; while it runs, the channel may rest */
	ev_timer look;                  /* the next look at processes that nothing reports the end of */
	ev_timer replace;               /* the next try to start another guard; until then there is none */
	bool is_missed;                 /* true: the guard has ended, which was logged */
	pid_t unreaped;                 /* process whose reap order could not be sent to the guard; 0: none */
};

/* The shutdown, from the order to stop until the last process has ended:
 *
 *   delay   everything goes on as before, listeners too (--stop-delay)
 *   stop    superd stops services and the main command; no listener is left
 *   sweep   these have ended, and superd sends SIGTERM to all other processes below it
 *
 * Stop and sweep share one deadline (--stop-timeout), after which superd kills all that is left. Part of that time is
 * reserved for the sweep, also if a service hangs. superd exits as soon as no process is left. */
struct shutdown {
	double delay, timeout;          /* seconds of --stop-delay and --stop-timeout; the caller sets them before supervisor_init */
	int signal;                     /* signal for the main command */
	bool has_cause;                 /* true: exit_status has its cause, and no later end changes it */
	bool sweeping, killing;         /* true: the sweep has begun; the deadline is over */
	unsigned kills;                 /* number of rounds of SIGKILL so far */
	struct stray_processes strays;
	struct alarm wait;              /* end of the delay, then the deadline */
	struct alarm last_call;         /* time before the deadline at which strangers get SIGTERM, though services have not ended */
	ev_timer sweep;                 /* checks for processes whose end causes no SIGCHLD */
	struct alarm failing;
};

/* The first argument of the child, with a descriptor: of the text of the rows, in whose place it writes its answer. */
#define LEFT_OUT_CHECK "--left-out="

/* Looks again at rows that are left out because this machine lacked something: a program, a user, an interface.
 * superd's own program looks at these rows alone, as a child, so that superd does not wait for a file system or a name
 * service. What is good comes in as it was read. superd wakes for this only while such a row is left out. */
struct left_out_check {
	struct supervisor *supervisor;
	/* Writes the text of a few rows, from entry *next on; the caller sets it. */
	bool (*write)(const struct table *table, size_t *next, struct buf *out);
	struct child child_process;     /* pid 0: none */
	bool is_stale;                  /* true: there is another table, so its result is useless */
	int answer;                     /* descriptor of the file for its answer; -1: none */
	struct alarm alarm;             /* time of the next look; while the child runs, its time limit */
	double pause;                   /* seconds of the pause after this round */
	size_t next;                    /* entry of the table with which the round goes on; 0: the round is over */
};

struct supervisor {
	struct engine engine;
	struct log_pump log_pump;       /* writes lines that wait in the sink of engine.log */
	struct log_files log_files;
	struct listeners listeners;
	struct start_resources launch;
	struct instances instances;     /* the caller sets the limit before supervisor_init */
	const char *fdstore;            /* of the command line, set by the caller (superd/socket/socket_store); NULL: not given */
	int64_t max_starting;           /* of the command line, set by the caller; 0: any number; -1: not given */
	struct start_queue start_queue;
	struct memory_pressure memory_pressure;
	struct admission admission;     /* the caller sets ident_limit before supervisor_init */
	struct tcpmux tcpmux;
	struct freezes freezes;
	struct bind_strays bind_strays;
	struct table *table;
	struct service_list service_list;
	struct main_command command;
	bool has_command;               /* the caller sets it before signals_watch */
	bool leaving;                   /* true after SIGQUIT: instances run on */
	bool over;                      /* true: the loop ends */
	int exit_status;
	int control;                    /* descriptor of the control socket, for an upgrade; -1: none */
	struct terminal terminal;
	enum persona persona;           /* the caller sets it before supervisor_init */
	struct sd_notify sd_notify;
	struct shutdown shutdown;
	struct upgrade upgrade;
	struct locks locks;
	struct boot_locks boot_locks;
	struct left_out_check left_out_check;
	char upgraded_from[80];         /* version of the superd that this one has replaced by an upgrade; "": there is none */
	struct state_stream *before;    /* state of another superd (superd/reload/load), until this one runs; owned by the caller */
	ev_signal signals[SIGNALS_MOST];
	size_t signal_count;
	ev_io sent;                     /* signals that were sent to superd (superd/supervisor/signals), for the main command */
	struct reaper reaper;
	ev_periodic clock_jump;         /* the wall clock was set: access_times go by it */
	double clock_ahead;             /* seconds that it was ahead of the monotonic clock */
	ev_prepare turn;                /* logs what worker processes answered that superd refused, at the end of each turn */
	ev_timer starved;               /* sends TIMER to runtimes without memory for a timer */
	/* loader.load reads the sources again. It returns a checked and resolved table, or NULL with the errors in
	 * diags. */
	struct config_loader loader;
	double loaded;                  /* loop time when the present table was read */
	/* Called when a reload has succeeded or failed, and its diagnostics were logged; NULL: not needed. */
	void (*reloaded)(void *context, bool good, const struct diags *diags, const struct reload_counts *counts);
	/* Called when the table was read for a comparison (config_loader_preview): owns `table`, as there. */
	void (*previewed)(void *context, struct table *table, const struct diags *diags);
	void *reloaded_context;         /* of both */
	/* Called when a reload has put a table in effect, while the previous one still exists; NULL: not needed. */
	void (*table_taken)(void *context, const struct table *table);
	void *table_taken_context;
	void (*started)(void *context); /* called when superd has tried every socket and the main command runs */
	void *started_context;
};

/* Prepares the loop. The caller has set engine.log, loader.load, and delay and timeout of shutdown, and calls
 * signals_watch afterwards. false with errno, and in *failed what failed, as "open /dev/null". */
bool supervisor_init(struct supervisor *supervisor, const char **failed);

/* Runs a table, which it owns, until the end; beside it a main command, if argv is not NULL. Returns the exit
 * status. */
int supervisor_run(struct supervisor *supervisor, struct table *table, char *const *argv);

/* Logs the diagnostics of a table that was read while superd runs. */
void supervisor_log_diags(struct log *log, const struct diags *diags);

/* Reads the table for a comparison, and calls `previewed`. false: another reading is under way, or superd cannot. */
bool supervisor_preview(struct supervisor *supervisor);

/* Applies locks that were read while superd runs (superd/service/operator_locks). */
void supervisor_impose_locks(struct supervisor *supervisor);

/* From now on superd handles every signal of os/host/signals, or ignores it. */
void signals_watch(struct supervisor *supervisor);

/* Reopens the log file and the files of log_type, which may have been renamed. false: the log file itself cannot be
 * opened, which was logged; why gets the reason. */
bool signals_reopen(struct supervisor *supervisor, struct buf *why);

/* As SIGHUP, but without the main command: reopens the log files, and reads the table again. allows_empty: as for
 * config_loader_start. */
void signals_reload(struct supervisor *supervisor, bool allows_empty);

/* Stops all services, then superd (superd/supervisor/shutdown). A second call ends --stop-delay; the next kills at
 * once. signal: for the main command. */
void supervisor_stop(struct supervisor *supervisor, int signal);

/* Stops superd with this exit status, soon, because it cannot continue. The caller can finish its work. */
void supervisor_fail(struct supervisor *supervisor, int status);

/* Ends superd without its instances. */
void supervisor_end(struct supervisor *supervisor);

void supervisor_free(struct supervisor *supervisor);
