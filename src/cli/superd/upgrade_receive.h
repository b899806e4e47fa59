/* superd in the place of another superd (engine/upgrade/upgrade): what that one gives it on the command line, in front
 * of its own words, and the answer to the question whether it could. */
#pragma once

#include <stdbool.h>

#include "base/log/log.h"
#include "base/state_stream.h"
#include "cli/superd/options.h"
#include "config/table/table.h"

/* Takes the word out of the arguments, argv[0] staying in front; at most one is there. */
struct given upgrade_receive_strip(int *argc, char ***argv);

/* Answers on standard output, in one sentence; the exit status. */
int upgrade_receive_answer(struct options *options);

/* The state that was left to this process; NULL: there is none, or it is none, which is told on stderr; then
 * nothing of the other is left open. */
struct state_stream *upgrade_receive_read(const struct options *options);
void upgrade_receive_free(struct state_stream *stream);

/* The sources read anew, where all that the state tells of has its place in them; else NULL, with the reason in why. */
struct table *upgrade_receive_load(struct options *options, struct state_stream *stream, struct diags *diags,
				   struct buf *why);

/* A moment before the sources are tried again. false: superd was told to end meanwhile. */
bool upgrade_receive_wait(void);

/* Told to end before anything runs again: TERM for what the other has left running, KILL for what is there after
 * stop_timeout or when superd is told once more, and the other's pid file is taken away. */
void upgrade_receive_end(struct state_stream *stream, const struct options *options, struct log *log);
