/* The control socket as the command line wants it. */
#pragma once

#include "cli/superd/options.h"
#include "control/server.h"
#include "engine/supervisor/supervisor.h"

/* Looks --control-group up for control_gid, at each reading of the table. It may block. */
void control_setup_find_group(struct options *options, struct diags *diags);

/* Has everything heard that is logged from now on, so that it can be told. NULL: there shall be no control socket, or no
 * memory, which was logged. */
struct server *control_setup_create(struct supervisor *supervisor, struct options *options);

/* Lets them in. Where that can't be, superd goes on without, and says so. Accepts NULL. */
void control_setup_open(struct server *server, const struct options *options);

/* After the loop, before the supervisor is freed. Accepts NULL. */
void control_setup_close(struct server *server);
