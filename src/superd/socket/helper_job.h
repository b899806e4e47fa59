/* One run of a small program of superd's own, without capabilities. superd does not wait for it: a callback
 * gets the result and the output when it has ended. Its owner embeds it and calls helper_job_abandon before it frees
 * it. */
#pragma once

#include <stdbool.h>

#include "lib/buf.h"
#include "os/host/program.h"
#include "superd/loop/engine.h"
#include "superd/process/output_reader.h"

struct helper_job {
	struct child child;             /* pid 0: it does not run */
	struct engine *engine;
	int status;                     /* exit status, once it has ended; -1: a signal ended it */
	int input;                      /* its standard input, borrowed until it is started; -1: /dev/null */
	int output;                     /* pipe of its stderr; -1: not open */
	struct output_reading reading;  /* reader of that pipe, if the program runs as another user; output is its text then */
	/* Called once. done: exit status 0; text: the output, joined to one line. */
	void (*ended)(struct helper_job *job, bool done, const char *text);
};

void helper_job_init(struct helper_job *job, struct engine *engine,
		     void (*ended)(struct helper_job *job, bool done, const char *text));

/* Starts the program with these arguments and this account; NULL: superd's own. false: that failed, for the reason in
 * why, and ended is not called. */
bool helper_job_start(struct helper_job *job, enum program which, const char *const *arguments,
		      const struct account *account, struct buf *why);

/* Kills the program; ended is not called any more. */
void helper_job_abandon(struct helper_job *job);
