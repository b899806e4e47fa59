/* The first event after the end of a window begins the next. The last event that is let in does not end the window; the
 * next one exceeds it, if there is one. */
#include "superd/limits/rate_limit.h"

#include "table/service/service.h"

static bool is_over(const struct rate_limit *limit, double length, double now)
{
	return now - limit->begun >= length;
}

bool rate_limit_is_reached(const struct rate_limit *limit, int64_t most, double length, double now)
{
	return most != UNLIMITED && limit->count >= most && (most == 0 || !is_over(limit, length, now));
}

void rate_limit_count(struct rate_limit *limit, double length, double now)
{
	if (!limit->count || is_over(limit, length, now))
		*limit = (struct rate_limit){ .begun = now };
	limit->count++;
}
