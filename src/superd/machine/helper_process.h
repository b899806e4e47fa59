/* A helper program that superd starts while it reads a table, and talks to by a socket: superd-filter, superd-read. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "lib/buf.h"
#include "os/host/program.h"

struct account;

struct helper_process {
	enum program program;
	int channel;                    /* -1: it does not run */
	int report;                     /* why it could not be started (superd/start/spawn.h); -1: it does not run */
	pid_t pid;                      /* 0: it was not started */
	int process;                    /* its pidfd, as the loop may reap it; -1: none */
};

#define HELPER_PROCESS_NONE(which) { .program = which, .channel = -1, .report = -1, .process = -1 }

/* How a program is started. */
struct helper_start {
	const char *option;             /* its only argument; NULL: none */
	int type;                       /* of the channel: SOCK_STREAM or SOCK_SEQPACKET */
	int number;                     /* of the program's end of the channel */
	int *wanted;                    /* its descriptors, as in struct spawn_request; helper_process_start sets `number` */
	int wanted_count;
	const char *directory;          /* NULL: superd's */
	const struct account *account;  /* NULL: superd's own */
	uint64_t capabilities;          /* that it may keep */
};

/* Starts it. false: why not is added. */
bool helper_process_start(struct helper_process *helper, const struct helper_start *start, struct buf *why);

/* Adds why its channel is closed: it could not be run, is of another build, or has ended without an answer. */
void helper_process_describe_end(const struct helper_process *helper, struct buf *why);

/* Ends it: it ends by itself when its channel is closed, or is killed. */
void helper_process_end(struct helper_process *helper);
