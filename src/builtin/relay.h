/* One direction of a connection: reads from one socket and writes to another, or to the same (echo). The end of the
 * sender's data ends it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Memory that no buffer uses, for all buffers of a process. A zeroed struct is empty. */
#define BUFFER_SPARES 16

struct buffer_spares {
	char *list[BUFFER_SPARES];
	size_t count;
};

/* The buffer of one direction: bytes that were read from one socket and are not yet written to the other. It begins
 * as memory. For a connection that moves much data the relay replaces it by a pipe, through which the kernel passes
 * the data on without a copy (splice(2)). */
struct relay_buffer {
	struct buffer_spares *spares;   /* where memory comes from and goes to; NULL: malloc(3) and free(3) */
	size_t held;                    /* number of bytes in the buffer */
	char *bytes;                    /* owned; NULL: the pipe is in use, or nothing was read since buffer_rest */
	const char *text;               /* borrowed; it is held again and again, and nothing is read; NULL: none */
	size_t text_length;
	size_t start;                   /* index of the first held byte in `bytes` or `text` */
	int pipe[2];                    /* owned; -1: memory is used */
};

struct relay {
	int from, to;                   /* the sender's and the receiver's socket, borrowed; to -1: bytes are dropped */
	struct relay_buffer buffer;
	bool reads_all;                 /* a short read may leave bytes: the sender's end or an urgent byte was reported */
	bool waits;                     /* the last turn ended because a socket was not ready */
	unsigned full_turns;            /* number of turns in a row that moved at least FULL bytes */
	uint64_t moved;                 /* bytes written to `to` */
	bool done;                      /* this direction has ended */
	bool end_passed;                /* the receiver's connection was shut down, as the sender has ended */
	bool broken;                    /* it ended by an error, as a reset, not by end of file */
	bool write_failed;              /* the receiver has refused bytes; the bytes that it has sent are still moved */
};

void relay_open(struct relay *relay, int from, int to);
void relay_close(struct relay *relay);

/* Has the text sent again and again, where there is no sender. It is borrowed. */
void relay_repeat(struct relay *relay, const char *text, size_t length);

/* Moves what can be moved without waiting, at most TURN bytes, so that the other direction gets its turn. */
void relay_run(struct relay *relay);

/* Gives the memory of an empty buffer back until the next bytes come. */
void relay_rest(struct relay *relay);

/* The receiver has closed its connection, or reset it. */
void relay_receiver_gone(struct relay *relay, bool reset);

void buffer_spares_free(struct buffer_spares *spares);

/* ---- both directions of a connection ---- */

/* Sets a socket up: without delay, with keepalive. A listener hands its settings on to all that it accepts. */
void relay_prepare(int fd);
void relay_prepare_target(int connection, int target);  /* with the times of keepalive that the client's connection has */

/* Tunes the sockets, once, if they have moved much data within one machine. */
void relay_tune_loopback(const struct relay *in, const struct relay *out, bool *tuned);

/* Whether both directions have ended, or a side was reset. A side that refuses data may have sent some before, which
 * still has to be moved. */
bool relay_have_ended(const struct relay *in, const struct relay *out);

/* Shuts down the receiver of a direction that has ended, while the other direction continues. */
void relay_pass_ends(struct relay *in, struct relay *out);

/* Passes a reset on: if one direction is broken, close(2) of either socket sends one. */
void relay_pass_reset(const struct relay *in, const struct relay *out);
