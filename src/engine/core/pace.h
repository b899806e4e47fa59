/* How fast clients come, against cps and trigger_limit. Pure: time is an argument, in seconds of a clock that never
 * goes back. A zeroed struct has counted nothing. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "config/service/service.h"

struct pace {
	double second;                  /* when the second of cps began */
	double interval;                /* when that of trigger_limit did */
	int64_t in_second, in_interval; /* how many have come since */
};

enum pace_limit { WITHIN_LIMITS, OVER_CPS, OVER_TRIGGER };

/* Whether there is anything to look at and to count. */
static inline bool pace_is_limited(const struct access_options *access)
{
	return access->cps.number != UNLIMITED || access->trigger_limit_burst != UNLIMITED;
}

/* Whether one more would be too many now. */
enum pace_limit pace_look(const struct pace *pace, const struct access_options *access, double now);

/* Counts one more. */
void pace_count(struct pace *pace, const struct access_options *access, double now);

/* The service rests: what comes after that counts anew. */
void pace_reset(struct pace *pace);
