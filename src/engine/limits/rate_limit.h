/* The rate of new clients of a service, for cps and trigger_limit. Pure: monotonic time is an argument, in seconds. A
 * zeroed struct has counted nothing. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "config/service/service.h"

struct rate_limit {
	double second;                  /* time when the present second of cps began */
	double interval;                /* time when the present interval of trigger_limit began */
	int64_t in_second, in_interval; /* clients since then */
};

enum rate_limit_exceeded { WITHIN_LIMITS, OVER_CPS, OVER_TRIGGER };

/* Whether one of the limits is set. */
static inline bool rate_limit_is_limited(const struct access_options *access)
{
	return access->cps.number != UNLIMITED || access->trigger_limit_burst != UNLIMITED;
}

/* Returns the limit that one more client would exceed now. */
enum rate_limit_exceeded rate_limit_check(const struct rate_limit *limit, const struct access_options *access,
					  double now);

/* Counts a client. */
void rate_limit_count(struct rate_limit *limit, const struct access_options *access, double now);

/* Starts again, when a limit has paused the service. */
void rate_limit_reset(struct rate_limit *limit);
