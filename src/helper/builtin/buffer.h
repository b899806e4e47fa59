/* What has been read from one socket and not yet written to the other: bytes in memory, or once a connection has shown
 * that it moves much, a pipe, through which the kernel passes them on without a copy (splice(2)). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct relay_buffer {
	size_t held;                    /* bytes in it */
	char *bytes;
	size_t start;                   /* of those held in bytes */
	int pipe[2];                    /* -1: bytes it is */
};

bool buffer_open(struct relay_buffer *buffer); /* false: out of memory */
void buffer_close(struct relay_buffer *buffer);

/* Goes over to a pipe; only while nothing is held. false: this system has none, or no more of them. */
bool buffer_use_pipe(struct relay_buffer *buffer);

/* Reads what there is, without waiting, only while nothing is held; 0 at the end, -1 and errno. */
ssize_t buffer_fill(struct relay_buffer *buffer, int from);

/* Writes what it can of what is held, without waiting; -1 and errno. */
ssize_t buffer_drain(struct relay_buffer *buffer, int to);

/* The pipe's side of it, in buffer_splice.c. */
bool buffer_splice_open(int ends[2]);
ssize_t buffer_splice_fill(int pipe, int from);
ssize_t buffer_splice_drain(int pipe, int to, size_t length);
