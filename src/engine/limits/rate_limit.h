/* How fast clients come, against cps and trigger_limit. Pure: time is an argument, in seconds of a clock that never
 * goes back. A zeroed struct has counted nothing. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "config/service/service.h"

struct rate_limit {
	double second;                  /* when the second of cps began */
	double interval;                /* when that of trigger_limit did */
	int64_t in_second, in_interval; /* how many have come since */
};

enum rate_limit_exceeded { WITHIN_LIMITS, OVER_CPS, OVER_TRIGGER };

/* Whether there is anything to look at and to count. */
static inline bool rate_limit_is_limited(const struct access_options *access)
{
	return access->cps.number != UNLIMITED || access->trigger_limit_burst != UNLIMITED;
}

/* Whether one more would be too many now. */
enum rate_limit_exceeded rate_limit_check(const struct rate_limit *limit, const struct access_options *access,
					  double now);

/* Counts one more. */
void rate_limit_count(struct rate_limit *limit, const struct access_options *access, double now);

/* The service rests: what comes after that counts anew. */
void rate_limit_reset(struct rate_limit *limit);
