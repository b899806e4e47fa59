/* A main command beside the table, as in a container: superd ends with it, with its status. */
#pragma once

#include <stdbool.h>

#include "engine/core/child_table.h"
#include "engine/core/engine.h"

struct main_command {
	struct child child;             /* pid 0: not running */
	pid_t group;                    /* its process group */
	bool has_terminal;              /* it got superd's place in the foreground of the terminal */
	struct engine *engine;
	struct plan *plan;
	int exit_status;                /* status once it has ended; 128 + N for a signal; 126 or 127 if it cannot be run */
	void (*ended)(struct main_command *command);
};

/* Starts it with superd's own streams and environment, as a process group of its own, which takes superd's place in the
 * foreground of the terminal. false: that failed, which was logged; exit_status is 126 or 127. */
bool command_start(struct main_command *command, struct engine *engine, char *const *argv);

/* Goes on with the command of another superd in this process. false: out of memory. */
bool command_resume(struct main_command *command, struct engine *engine, pid_t pid, pid_t group);

void command_signal(struct main_command *command, int signal);  /* does nothing if it does not run */

/* Passes a signal on only if the command has a handler: a signal that superd acts on itself must not kill it. */
void command_signal_gently(struct main_command *command, int signal);
/* The command was stopped, as by ^Z: if a shell waits for superd as a job, superd stops, too. */
void command_note_stop(struct main_command *command, int signal);

/* superd got SIGCONT: continues the command, in the foreground if superd is there. */
void command_continue(struct main_command *command);
void command_free(struct main_command *command);
