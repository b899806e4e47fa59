/* A main command beside the table, as in a container: superd lives as long as it does and ends with its status. */
#pragma once

#include <stdbool.h>

#include "engine/core/children.h"
#include "engine/core/engine.h"

struct command {
	struct child child;             /* pid 0: not running */
	pid_t group;                    /* its process group */
	bool has_terminal;              /* it was made the foreground of superd's */
	struct engine *engine;
	struct plan *plan;
	int exit_status;                /* once it has ended: its status, 128 + N for a signal, 126 or 127 when it can't be run */
	void (*ended)(struct command *command);
};

/* Starts it on superd's own streams and environment, as a process group of its own, which takes superd's place in the
 * foreground of the terminal. false after saying why; exit_status is then 126 or 127. */
bool command_start(struct command *command, struct engine *engine, char *const *argv);

/* Goes on with one that another superd, in this process, started. false: out of memory. */
bool command_resume(struct command *command, struct engine *engine, pid_t pid, pid_t group);

void command_signal(struct command *command, int signal);       /* nothing when it does not run */

/* Passes a signal on only when the command has a handler for it: one that superd acts on itself must not kill it. */
void command_signal_gently(struct command *command, int signal);
/* It was stopped, as by ^Z: where there is a shell behind superd that waits for it, superd stops, too. */
void command_note_stop(struct command *command, int signal);

/* superd goes on (SIGCONT), and so does the command, in the foreground where superd was put there. */
void command_continue(struct command *command);
void command_free(struct command *command);
