/* A main command beside the table, as in a container: superd lives as long as it does and ends with its status. */
#pragma once

#include <stdbool.h>

#include "engine/children.h"
#include "engine/engine.h"

struct command {
	struct child child;             /* pid 0: not running */
	struct engine *engine;
	struct plan *plan;
	int exit_status;                /* once it has ended: its status, 128 + N for a signal, 126 or 127 when it can't be run */
	void (*ended)(struct command *command);
};

/* Starts it on superd's own streams and environment, as a process group of its own in the foreground of the
 * terminal. false after saying why; exit_status is then 126 or 127. */
bool command_start(struct command *command, struct engine *engine, char *const *argv);

void command_signal(struct command *command, int signal);       /* nothing when it does not run */

/* Passes a signal on only when the command has a handler for it: one that superd acts on itself must not kill it. */
void command_signal_gently(struct command *command, int signal);
void command_free(struct command *command);
