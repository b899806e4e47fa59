/* One direction of a redirect: reads from one socket and writes to the other, no more than that takes, and when the one
 * has said all, tells the other so. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "helper/builtin/store.h"

struct pump {
	int from, to;                   /* non-blocking */
	struct store store;
	unsigned full_turns;            /* in a row: much is coming */
	bool gathers;                   /* it comes so fast that we are woken for much of it alone */
	uint64_t moved;                 /* bytes written */
	bool done;                      /* nothing comes any more, or nobody takes it */
	bool broken;                    /* not by a proper end: a reset, */
	bool deaf;                      /* which was noticed by writing */
};

/* How long a pump that gathers waits at most for more, in nanoseconds. */
#define PUMP_GATHERS 200000

bool pump_open(struct pump *pump, int from, int to);    /* false: out of memory */
void pump_close(struct pump *pump);

/* Moves what can be moved now, at most a turn, so that the other direction has one too. */
void pump_run(struct pump *pump);

/* PUMP_GATHERS are over: moves what there is. */
void pump_hurry(struct pump *pump);

/* The receiver has gone, by a reset or by closing both ways. */
void pump_lose(struct pump *pump, bool reset);

/* What to poll(2) before it can go on; 0: it is not about that socket. */
short pump_wants_from(const struct pump *pump);
short pump_wants_to(const struct pump *pump);
