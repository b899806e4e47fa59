/* One direction of a redirect: reads from one socket and writes to the other, no more than that takes, and when the one
 * has said all, tells the other so. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "helper/builtin/buffer.h"

struct relay {
	int from, to;                   /* non-blocking */
	struct relay_buffer buffer;
	unsigned full_turns;            /* in a row: much is coming */
	bool gathers;                   /* it comes so fast that we are woken for much of it alone */
	uint64_t moved;                 /* bytes written */
	bool done;                      /* nothing comes any more, or nobody takes it */
	bool broken;                    /* not by a proper end: a reset, */
	bool write_failed;              /* which was noticed by writing */
};

/* How long a relay that gathers waits at most for more, in nanoseconds. */
#define RELAY_GATHERS 200000

bool relay_open(struct relay *relay, int from, int to); /* false: out of memory */
void relay_close(struct relay *relay);

/* Moves what can be moved now, at most a turn, so that the other direction has one too. */
void relay_run(struct relay *relay);

/* RELAY_GATHERS are over: moves what there is. */
void relay_hurry(struct relay *relay);

/* The receiver has gone, by a reset or by closing both ways. */
void relay_lose(struct relay *relay, bool reset);

/* What to poll(2) before it can go on; 0: it is not about that socket. */
short relay_wants_from(const struct relay *relay);
short relay_wants_to(const struct relay *relay);
