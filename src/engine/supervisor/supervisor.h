/* superd while it runs: the loop, the signals, all runtimes, the end. All state is in this one struct, which does not
 * know the code that acts on it: engine/supervisor/supervisor_run starts that. */
#pragma once

#include <ev.h>
#include <stdbool.h>

#include "base/diag.h"
#include "engine/accept/admission_state.h"
#include "engine/accept/tcpmux.h"
#include "engine/core/child_table.h"
#include "engine/core/engine.h"
#include "engine/core/fd_watch.h"
#include "engine/freeze/reclaim.h"
#include "engine/instance/instance.h"
#include "engine/launch/start_resources.h"
#include "engine/listener/listeners.h"
#include "engine/log/xinetd_log_file.h"
#include "engine/orphans/orphan.h"
#include "engine/reload/config_loader.h"
#include "engine/reload/reload.h"
#include "engine/service/operator_locks.h"
#include "engine/supervisor/main_command.h"
#include "engine/supervisor/persona.h"
#include "engine/supervisor/sd_notify.h"
#include "engine/supervisor/terminal.h"
#include "engine/upgrade/upgrade.h"
#include "exec/processes/stray_processes.h"
#include "os/fs/path_create_watch.h"
#include "os/host/signals.h"

/* The progress of superd's end (engine/supervisor/shutdown). */
struct shutdown {
	double delay, timeout;          /* seconds; the caller sets them before supervisor_init */
	int signal;                     /* signal that ends the main command */
	bool has_cause;                 /* superd's exit status has its cause, and no later end changes it */
	bool sweeping, killing;
	unsigned kills;                 /* rounds of SIGKILL so far */
	struct stray_processes strays;
	struct alarm wait;              /* the delay, then the deadline */
	struct alarm last_call;         /* before the deadline: strangers are told to end though services have not ended */
	ev_timer sweep;                 /* looks for processes whose end superd gets no SIGCHLD for */
	struct alarm failing;
};

/* The progress of a look at entries that are left out (engine/supervisor/left_out_check). */
struct left_out_check {
	bool is_possible;               /* the sources can be read again; the caller sets it */
	struct supervisor *supervisor;
	struct child child_process;     /* pid 0: none */
	bool is_stale;                  /* its result is of no use, as there is another table */
	int answer;                     /* the file it answers to; -1: none */
	struct alarm alarm;             /* the next look; while a child runs, the end of its time */
	double pause;                   /* seconds to the look after the next */
	double begun;                   /* loop time when the last look began */
	struct path_create_watch arrivals; /* watches for missing programs, and the files of users and groups */
	struct watch watch;             /* watches the descriptor of arrivals */
	bool reads;                     /* the loader is reading the table for this look */
	uint64_t *keys;                 /* keys of the entries that the child has found left out, sorted; NULL: none */
	size_t key_count;
	bool logged;                    /* it was logged that an entry could come in by a reload alone */
};

struct supervisor {
	struct engine engine;
	struct log_pump log_pump;       /* writes what waits in the sink of engine.log */
	struct log_files log_files;
	struct listeners listeners;
	struct start_resources launch;  /* the caller sets cgroups.identity before supervisor_init */
	struct instances instances;     /* and the limit of these */
	struct admission admission;     /* and the ident_limit of this */
	struct tcpmux tcpmux;
	struct orphans orphans;
	struct freezes freezes;
	struct table *table;
	struct service_list service_list;
	struct main_command command;
	bool has_command;               /* the caller sets it before signals_watch */
	bool leaving;                   /* SIGQUIT: instances run on */
	bool over;                      /* superd has nothing left to wait for */
	int exit_status;
	int control;                    /* descriptor of the control socket, which an upgrade hands on; -1: none */
	struct terminal terminal;
	struct persona persona;          /* the caller sets it before supervisor_init */
	struct sd_notify sd_notify;
	struct shutdown shutdown;
	struct upgrade upgrade;
	struct locks locks;
	struct left_out_check left_out_check; /* the caller sets is_possible before supervisor_init */
	struct state_stream *before;    /* state of another superd (engine/upgrade/load), until this one runs; owned by the caller */
	ev_signal signals[SIGNALS_MOST];
	size_t signal_count;
	ev_io sent;                     /* signals that were sent to superd (os/host/signal_sender), for the main command */
	ev_signal reaper;
	ev_timer starved;               /* raises TIMER for runtimes without memory for a timer of their own */
	/* load: reads the sources again, to a checked and resolved table, or NULL with the errors in diags. */
	struct config_loader loader;
	double loaded;                  /* loop time when the present table was read */
	bool is_outdated;               /* the last reload has failed: the table may be outdated */
	/* A reload has ended, well or not, and its diagnostics were logged; NULL: nobody asks. */
	void (*reloaded)(void *context, bool good, const struct diags *diags, const struct reload_counts *counts);
	void *reloaded_context;
	void (*started)(void *context); /* superd has tried to open every socket, and the main command runs */
	void *started_context;
};

/* Prepares the loop, for which engine/supervisor/signals watches the signals then; engine.log, loader.load, and delay
 * and timeout of shutdown are the caller's to set before. false with errno, and in *failed what could not be done,
 * as "open /dev/null". */
bool supervisor_init(struct supervisor *supervisor, const char **failed);

/* Runs a table, which it owns, and beside it a main command if argv is not NULL, until the end. Returns the exit
 * status. */
int supervisor_run(struct supervisor *supervisor, struct table *table, char *const *argv);

/* Diagnostics as lines of the log, for tables read while superd runs. */
void supervisor_log_diags(struct log *log, const struct diags *diags);

/* Gives effect to locks that were read while superd runs (engine/service/operator_locks). */
void supervisor_impose_locks(struct supervisor *supervisor);

/* For engine/supervisor/signals: ends all services, then superd (engine/supervisor/shutdown). Once more ends the
 * delay there is before, and then kills at once. The signal is the main command's. */
void supervisor_stop(struct supervisor *supervisor, int signal);

/* superd cannot go on: stops it with this exit status, soon, so that the caller can finish its work. */
void supervisor_fail(struct supervisor *supervisor, int status);

/* Ends superd alone. */
void supervisor_end(struct supervisor *supervisor);

void supervisor_free(struct supervisor *supervisor);
