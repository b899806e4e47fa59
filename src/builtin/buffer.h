/* The buffer of one direction of a connection: bytes that were read from one socket and are not yet written to the other.
 * It begins as memory. For a connection that moves much data the relay replaces it by a pipe, through which the kernel
 * passes the data on without a copy (splice(2)). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Memory that no buffer uses, for all buffers of a process. A zeroed struct is empty. */
#define BUFFER_SPARES 16

struct buffer_spares {
	char *list[BUFFER_SPARES];
	size_t count;
};

struct relay_buffer {
	struct buffer_spares *spares;   /* where memory comes from and goes to; NULL: malloc(3) and free(3) */
	size_t held;                    /* number of bytes in the buffer */
	char *bytes;                    /* owned; NULL: the pipe is in use, or nothing was read since buffer_rest */
	const char *text;               /* borrowed; it is held again and again, and nothing is read; NULL: none */
	size_t text_length;
	size_t start;                   /* index of the first held byte in `bytes` or `text` */
	int pipe[2];                    /* owned; -1: memory is used */
};

#define BUFFER_ROOM (64 << 10)          /* bytes that buffer_fill reads into memory at most */

void buffer_open(struct relay_buffer *buffer);
void buffer_close(struct relay_buffer *buffer);

/* Changes to a pipe. The buffer must be empty. false: splice(2) or the pipe is not available, and nothing changed. */
bool buffer_use_pipe(struct relay_buffer *buffer);

void buffer_spares_free(struct buffer_spares *spares);

/* Gives memory or pipe back, for as long as the connection is quiet. The buffer must be empty. */
void buffer_rest(struct relay_buffer *buffer);

/* Reads without waiting. The buffer must be empty. Returns the number of bytes; 0: end of file; -1 and errno, EAGAIN if
 * there is nothing. With edges (EPOLLET) nothing else may end a turn, so a signal does not. */
ssize_t buffer_fill(struct relay_buffer *buffer, int from);

/* Writes held bytes without waiting; to -1: drops them. Returns the number of bytes, or -1 and errno as buffer_fill. */
ssize_t buffer_drain(struct relay_buffer *buffer, int to);

/* The pipe of a buffer (buffer_splice.c): pipe(2), splice(2). */
bool buffer_splice_open(int ends[2]);
ssize_t buffer_splice_fill(int pipe, int from);
ssize_t buffer_splice_drain(int pipe, int to, size_t length);
