/* One run of a small program of superd's own that nobody waits for: started without capabilities, heard, and told of when
 * it has ended. */
#pragma once

#include <stdbool.h>

#include "base/buf.h"
#include "engine/core/engine.h"
#include "exec/worker/output_reader.h"

struct errand {
	struct child child;             /* pid 0: none is under way */
	struct engine *engine;
	int status;                     /* of exit, or -1, once it has ended */
	int output;                     /* what it says on stderr; -1: not open */
	struct output_reading reading;  /* of the same, where it is another user's: output is its text */
	void (*ended)(struct errand *errand, bool done, const char *said);      /* done: exit 0; said: one line of text */
};

void errand_init(struct errand *errand, struct engine *engine,
		 void (*ended)(struct errand *errand, bool done, const char *said));

/* Starts the program that argv[0] names (os/host/libexec), with this account; NULL: superd's own. false with the reason in
 * why. */
bool errand_start(struct errand *errand, const char *const *argv, const struct account *account, struct buf *why);

/* Kills it; ended is not called any more. */
void errand_abandon(struct errand *errand);
