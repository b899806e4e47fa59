/* Runs superd. */
#pragma once

#include "superd/control/server.h"
#include "superd/main/options.h"
#include "superd/supervisor/supervisor.h"

/* Exit statuses: the table has errors; superd could not start. */
enum { EXIT_TABLE = 1, EXIT_START = 2 };

/* Reads the table and serves it until superd ends. Returns the exit status: 0, one of the above, or that of the main
 * command. */
int run_superd(struct options *options);

/* Sets up the control socket (superd/control/server.h) from the command line. */

/* Looks up the control group of a table that a reload has read, and sets options->next_control_gid. table NULL: looks
 * up the one in force again, and sets options->control_gid. lookups: answers to use, and to add to; NULL: none. It may
 * block. */
void control_setup_find_group(struct options *options, const struct table *table, struct lookup_cache *lookups,
			      struct diags *diags);

/* Before a start: whether no other superd has the control socket; true also for a superd that is called as inetd or
 * xinetd. Waits some seconds for a superd that may be about to end, and logs that. false: the other superd continues,
 * which is printed and logged. */
bool control_setup_is_free(const struct options *options, struct log *log);

/* Sets up a zeroed server, which collects the lines of the log from now on, so that its clients can ask for them.
 * false: superd has no control socket. */
bool control_setup_create(struct server *server, struct supervisor *supervisor, struct options *options,
			  struct lookup_cache *lookups);

/* Opens the socket for clients. If that fails, it logs a warning, and superd tries again if the failure may pass. */
void control_setup_open(struct server *server, const struct options *options);
