/* A main command that runs beside the services, as in a container: superd ends with it, and with its status. */
#pragma once

#include <stdbool.h>

#include "superd/loop/child_table.h"
#include "superd/loop/engine.h"

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

/* Starts the command with superd's own streams and environment, in a process group of its own, which takes superd's
 * place in the foreground of the terminal. false: that failed and was logged; exit_status is 126 or 127. */
bool command_start(struct main_command *command, struct engine *engine, char *const *argv);

/* Takes over the command of the superd before. */
void command_resume(struct main_command *command, struct engine *engine, const struct child *child, pid_t group);

void command_signal(struct main_command *command, int signal);  /* does nothing if the command does not run */

/* Passes a signal on if the command has a handler for it: a signal that superd handles itself must not kill the
 * command. */
void command_signal_gently(struct main_command *command, int signal);
/* Called when the command was stopped, as by ^Z. If a shell waits for superd as a job, superd stops, too. */
void command_note_stop(struct main_command *command, int signal);

/* Called on SIGCONT: continues the command, in the foreground if superd is there. */
void command_continue(struct main_command *command);
void command_free(struct main_command *command);
