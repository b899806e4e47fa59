/* Sets up the control socket (control/server.h) from the command line. */
#pragma once

#include "cli/superd/options.h"
#include "control/server.h"
#include "engine/supervisor/supervisor.h"

/* Looks up --control-group and sets options->control_gid. It may block. Called for each reading of the table. */
void control_setup_find_group(struct options *options, struct diags *diags);

/* Creates the server, which collects the lines of the log from now on, so that its clients can ask for them. NULL:
 * superd has no control socket, or memory ran out, which it has logged. */
struct server *control_setup_create(struct supervisor *supervisor, struct options *options);

/* Opens the socket for clients. If that fails, it logs a warning, and superd runs without. Accepts NULL. */
void control_setup_open(struct server *server, const struct options *options);

/* Closes and frees the server: after the loop has ended, before the supervisor is freed. Accepts NULL. */
void control_setup_close(struct server *server);
