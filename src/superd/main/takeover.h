/* The new superd's half of an upgrade (superd/reload/upgrade.h): reads the argument and the state that the previous
 * superd passes, and answers whether it could take over. */
#pragma once

#include <stdbool.h>

#include "superd/main/options.h"
#include "superd/saved/state_stream.h"
#include "table/services/table.h"

/* Reads the internal argument behind argv[0], and removes it from argv. */
struct internal_args takeover_strip(int *argc, char ***argv);

/* Checks whether this superd could take over: state, log and table. Prints one sentence to stdout. Returns the exit
 * status. */
int takeover_answer(struct options *options);

/* Reads the state of the previous superd; free it by takeover_free. NULL: superd does not take over, or there is
 * no state that can be read. Then the reason is in `why`, and what an upgrade has passed is closed. */
struct state_stream *takeover_read(const struct options *options, struct buf *why);
void takeover_free(struct state_stream *stream);

/* Loads the sources, if the table has a place for everything that runs. NULL with the reason in `why`: it has errors,
 * or it does not fit the state. Names are looked up, unless superd has died: the next one goes on by what was found. */
struct table *takeover_load(struct options *options, struct state_stream *stream, struct diags *diags,
				   struct buf *why);
