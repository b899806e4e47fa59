/* How long to wait before the next try: 0.1 s, 0.2 s, … up to a most, with jitter. Pure: time and chance are
 * arguments. */
#pragma once

#include <stdint.h>

struct backoff {
	unsigned failures;              /* in a row */
};

/* One more failure: the pause in seconds before the next try. least and most are microseconds (backoff_min,
 * backoff_max), chance is in [0, 1) and makes the pause up to a tenth shorter, so that many services do not wake
 * together. */
double backoff_next(struct backoff *backoff, int64_t least, int64_t most, double chance);

/* A run that lasted this many seconds ended badly: one longer than any pause was healthy, and the count starts
 * anew. */
void backoff_forgive(struct backoff *backoff, double lasted, int64_t most);

void backoff_reset(struct backoff *backoff);
