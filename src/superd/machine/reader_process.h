/* Starts superd-read, which reads the sources of a table that are not superd.conf. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "lib/buf.h"
#include "superd/machine/helper_process.h"

struct reader_process {
	struct helper_process helper;   /* begins as HELPER_PROCESS_NONE(PROGRAM_READ); the caller ends it */
	bool reads_input;               /* a source is standard input, which it gets then */
};

/* The callback read_request.start: sets the channel, which is the caller's, and the pid. false: why not is added. */
bool reader_process_start(void *reader, int *channel, pid_t *pid, struct buf *why);

/* The callback read_request.describe_end. */
void reader_process_describe_end(void *reader, struct buf *why);
