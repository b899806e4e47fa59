/* What has been read from one socket and not yet written to the other: bytes in memory, or once a connection has shown
 * that it moves much, a pipe, through which the kernel passes them on without a copy (splice(2)). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct store {
	size_t held;                    /* bytes in it */
	char *bytes;
	size_t start;                   /* of those held in bytes */
	int pipe[2];                    /* -1: bytes it is */
};

bool store_open(struct store *store);   /* false: out of memory */
void store_close(struct store *store);

/* Goes over to a pipe; only while nothing is held. false: this system has none, or no more of them. */
bool store_use_pipe(struct store *store);

/* Reads what there is, without waiting, only while nothing is held; 0 at the end, -1 and errno. */
ssize_t store_fill(struct store *store, int from);

/* Writes what it can of what is held, without waiting; -1 and errno. */
ssize_t store_drain(struct store *store, int to);

/* The pipe's side of it, in store_pipe.c. */
bool pipe_open(int ends[2]);
ssize_t pipe_fill(int pipe, int from);
ssize_t pipe_drain(int pipe, int to, size_t length);
