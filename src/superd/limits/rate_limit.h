/* A number of events in a window of time, for cps and trigger_limit. Pure: monotonic time is an argument, in seconds. A
 * zeroed struct has counted nothing. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct rate_limit {
	double begun;                   /* time when the present window began */
	int64_t count;                  /* events since then */
};

/* Whether one more event would be more than `most` (UNLIMITED: never) in a window of this length. */
bool rate_limit_is_reached(const struct rate_limit *limit, int64_t most, double length, double now);

void rate_limit_count(struct rate_limit *limit, double length, double now);
