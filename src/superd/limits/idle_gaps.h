/* The times without clients of a service, to estimate the effect of another idle_timeout. Of constant size: a gap is
 * added up for each of three timeouts when it ends. A zeroed struct has seen nothing. */
#pragma once

#include <stdint.h>

#define IDLE_GAP_TIMEOUTS 3

struct idle_gaps {
	double begun;                   /* loop time of the first look; 0: never */
	double unused;                  /* loop time since when no client is connected, while superd does not measure that; 0: unknown */
	double asleep[IDLE_GAP_TIMEOUTS];       /* seconds of all gaps behind the timeout: the service would have slept */
	uint64_t wakes[IDLE_GAP_TIMEOUTS];      /* gaps that were longer: a client would have waked it */
	int64_t memory;                 /* bytes that the backend had when it was last idle; 0: unknown */
};

extern const double idle_gap_timeouts[IDLE_GAP_TIMEOUTS];       /* seconds: 30 s, 5 min, 1 h */

/* A gap of so many seconds has ended. */
void idle_gaps_add(struct idle_gaps *gaps, double seconds);

/* Begins to measure, at this loop time; the client that ended the time since `unused` came at `came`. */
void idle_gaps_begin(struct idle_gaps *gaps, double now, double came);

/* Seconds of sleep with this timeout so far, when the present gap lasts for so many seconds. */
double idle_gaps_asleep(const struct idle_gaps *gaps, unsigned timeout, double present);
