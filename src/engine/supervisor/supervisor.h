/* superd while it runs: the loop, the signals, all keepers, the end. Everything mutable hangs from this one
 * struct, which knows none of those that act on it: engine/supervisor/supervisor_run begins them all. */
#pragma once

#include <ev.h>
#include <stdbool.h>

#include "base/diag.h"
#include "engine/core/children.h"
#include "engine/core/engine.h"
#include "engine/core/watch.h"
#include "engine/reload/loader.h"
#include "engine/reload/reload.h"
#include "engine/service/locks.h"
#include "engine/supervisor/command.h"
#include "engine/supervisor/habits.h"
#include "engine/supervisor/herald.h"
#include "engine/supervisor/terminal.h"
#include "exec/processes/remnants.h"
#include "os/fs/arrival_watch.h"
#include "os/host/signals.h"

struct carry;

/* How far superd's end is (engine/supervisor/shutdown). */
struct shutdown {
	double delay, timeout;          /* seconds; the caller's to set before supervisor_init */
	int signal;                     /* what the main command is told to end by */
	bool has_cause;                 /* superd's exit status tells why it ends, and no later end changes that */
	bool sweeping, killing;
	unsigned kills;                 /* rounds of SIGKILL so far */
	struct remnants remnants;
	ev_timer wait;                  /* the delay, then the deadline */
	ev_timer last_call;             /* a little before: strangers are told to end though services have not */
	ev_timer look;                  /* whether anybody is left whose end nobody tells us of */
	ev_timer failing;
};

/* How far a change of the program is (engine/upgrade/upgrade). */
struct upgrade {
	const char *program;            /* its path; NULL: unknown. The caller's to set, as the next two */
	char *const *arguments;         /* those that superd was started with, argv[0] in front */
	int pid_file;                   /* the caller's descriptor, which goes over; -1: none */
	struct supervisor *supervisor;
	bool busy, check_only;
	void (*done)(void *context, bool good, const char *text);
	void *context;
	struct child asked;             /* the child that is asked; pid 0: none */
	int answer;                     /* what it says; -1: not open */
	bool is_late;                   /* it was killed for that */
	ev_timer timer;                 /* its time; then the next look whether all is at rest */
	double quiet_since, patience;   /* loop time: since and until when it is waited for */
};

/* How far a look at what is left out is (engine/supervisor/second_look). */
struct second_look {
	bool is_possible;               /* the sources can be read again; the caller's to set */
	struct supervisor *supervisor;
	struct child asked;             /* pid 0: none */
	bool is_stale;                  /* what it reads is of no use: there is another table */
	int answer;                     /* the file it answers to; -1: none */
	struct alarm alarm;             /* the next look; while a child runs, the end of its time */
	double pause;                   /* seconds to the look after the next */
	double looked;                  /* when the last look began, loop time */
	struct arrival_watch arrivals;  /* programs that are missing, and the files of users and groups */
	struct watch watch;             /* of that */
	bool reads;                     /* the loader reads the table for this */
	uint64_t *keys;                 /* what the child has found left out, sorted; NULL: nothing */
	size_t key_count;
	bool said;                      /* that something could come in by a reload alone */
};

struct supervisor {
	struct engine engine;
	struct table *table;
	struct roster roster;
	struct command command;
	bool has_command;               /* the caller's to set before orders_watch */
	bool leaving;                   /* SIGQUIT: instances run on */
	bool over;                      /* nothing is left to wait for */
	int exit_status;
	struct terminal terminal;
	struct habits habits;           /* the caller's to set before supervisor_init */
	struct herald herald;
	struct shutdown shutdown;
	struct upgrade upgrade;
	struct locks locks;
	struct second_look second_look; /* is_possible: the caller's to set before supervisor_init */
	/* Writes who asks and follows at the control socket, for an upgrade; NULL: there is none. */
	void (*carry_operators)(void *operators, struct carry *carry);
	void *operators;
	/* The same of the table and whatever is to be known of its files; context: the loader's. NULL: it is not written. */
	void (*carry_table)(void *context, const struct table *table, struct carry *carry);
	struct ledger *before;          /* what another superd has left to this one (engine/upgrade/resume), until it runs; the caller's */
	ev_signal signals[SIGNALS_MOST];
	size_t signal_count;
	ev_io sent;                     /* os/host/sent_signals, for the main command */
	ev_signal reaper;
	ev_timer starved;               /* for keepers that had no memory for a timer of their own */
	/* load: reads the sources again, to a checked and resolved table, or NULL with the errors in diags. */
	struct loader loader;
	double loaded;                  /* when the table was read that it runs by, loop time */
	bool is_outdated;               /* it was to be read again since, and was wrong */
	/* A reload has come to its end, one way or the other, and its diagnostics are logged; NULL: nobody asks. */
	void (*reloaded)(void *context, bool good, const struct diags *diags, const struct reload_counts *counts);
	void *reloaded_context;
	void (*started)(void *context); /* every socket was tried once, the main command runs */
	void *started_context;
};

/* Prepares the loop, for which engine/supervisor/orders watches the signals then; engine.log, loader.load, and delay and timeout of
 * shutdown are the caller's to set before. false with errno, and in *failed what could not be done, as "open /dev/null". */
bool supervisor_init(struct supervisor *supervisor, const char **failed);

/* Runs a table (taken over), and beside it a main command when argv is not NULL, until the end. Gives the exit
 * status. */
int supervisor_run(struct supervisor *supervisor, struct table *table, char *const *argv);

/* Diagnostics as lines of the log, for tables read while superd runs. */
void supervisor_say(struct log *log, const struct diags *diags);

/* Locks that came to be known while it runs (engine/service/locks) take effect. */
void supervisor_impose_locks(struct supervisor *supervisor);

/* For engine/supervisor/orders: ends all services, then superd (engine/supervisor/shutdown). Once more ends the delay there is before, and
 * then kills at once. The signal is the main command's. */
void supervisor_stop(struct supervisor *supervisor, int signal);

/* Something that can't be gone on with: stops with this exit status, soon, so that the caller's work comes to its end. */
void supervisor_fail(struct supervisor *supervisor, int status);

/* Ends superd alone. */
void supervisor_end(struct supervisor *supervisor);

void supervisor_free(struct supervisor *supervisor);
