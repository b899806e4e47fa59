/* The new superd's half of an upgrade (superd/reload/upgrade.h): reads the argument and the state that the previous
 * superd passes, and answers whether it could take over. */
#pragma once

#include <stdbool.h>

#include "superd/main/options.h"
#include "superd/saved/state_stream.h"

/* Reads the internal argument behind argv[0], and removes it from argv. */
struct internal_args takeover_strip(int *argc, char ***argv);

/* Whether superd has a guard where neither --guard nor --no-guard says it. */
bool takeover_has_guard(const struct options *options);

/* Checks whether this superd could take over: state, log and table. Prints one sentence to stdout. Returns the exit
 * status. */
int takeover_answer(struct options *options);

/* Reads the state of the previous superd; free it by takeover_free. NULL: superd does not take over, or there is
 * no state that can be read. Then the reason is in `why`, and what an upgrade has passed is closed. */
struct state_stream *takeover_read(const struct options *options, struct buf *why);
void takeover_free(struct state_stream *stream);
