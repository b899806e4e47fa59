/* superd while it runs: the loop, the signals, all keepers, the end. Everything mutable hangs from this one
 * struct. */
#pragma once

#include <ev.h>
#include <stdbool.h>

#include "base/diag.h"
#include "engine/command.h"
#include "engine/engine.h"
#include "engine/habits.h"
#include "engine/loader.h"
#include "engine/reload.h"
#include "sys/signals.h"

struct supervisor {
	struct engine engine;
	struct table *table;
	struct roster roster;
	struct command command;
	bool has_command;
	bool leaving;                   /* SIGQUIT: instances run on */
	bool over;                      /* nothing is left to wait for */
	bool sweeping;                  /* all of ours have ended, the rest is told to */
	int exit_status;
	struct habits habits;           /* the caller's to set before supervisor_init */
	double stop_timeout;            /* seconds from the order to stop to SIGKILL for all */
	ev_signal signals[SIGNALS_MOST];
	size_t signal_count;
	ev_child reaper;
	ev_timer deadline;
	ev_timer starved;               /* for keepers that had no memory for a timer of their own */
	/* load: reads the sources again, to a checked and resolved table, or NULL with the errors in diags. */
	struct loader loader;
	void (*started)(void *context); /* every socket was tried once, the main command runs */
	void *started_context;
};

/* Prepares the loop, for which engine/orders watches the signals then; engine.log, loader.load and stop_timeout are the
 * caller's to set before. false with errno, and in *failed what could not be done, as "open /dev/null". */
bool supervisor_init(struct supervisor *supervisor, const char **failed);

/* Runs a table (taken over), and beside it a main command when argv is not NULL, until the end. Gives the exit
 * status. */
int supervisor_run(struct supervisor *supervisor, struct table *table, char *const *argv);

/* Diagnostics as lines of the log, for tables read while superd runs. */
void supervisor_say(struct log *log, const struct diags *diags);

/* For engine/orders: ends all services, then superd, and the second time at once; or superd alone. */
void supervisor_stop(struct supervisor *supervisor, int signal);
void supervisor_end(struct supervisor *supervisor);

void supervisor_free(struct supervisor *supervisor);
