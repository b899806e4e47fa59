/* Two windows of time, for cps and for trigger_limit_burst. The first client after the end of a window begins the
 * next. The last client that is let in does not pause the service; the next one does, if there is one. */
#include "engine/limits/rate_limit.h"

static bool is_over(double begun, double length, double now)
{
	return now - begun >= length;
}

static bool is_full(int64_t count, int64_t most, double begun, double length, double now)
{
	return most != UNLIMITED && count >= most && (most == 0 || !is_over(begun, length, now));
}

static double interval_of(const struct access_options *access)
{
	return (double)access->trigger_limit_interval / 1e6;
}

enum rate_limit_exceeded rate_limit_check(const struct rate_limit *limit, const struct access_options *access,
					  double now)
{
	if (is_full(limit->in_second, access->cps.number, limit->second, 1., now))
		return OVER_CPS;
	if (is_full(limit->in_interval, access->trigger_limit_burst, limit->interval, interval_of(access), now))
		return OVER_TRIGGER;
	return WITHIN_LIMITS;
}

static void count_one(int64_t *count, double *begun, double length, double now)
{
	if (!*count || is_over(*begun, length, now)) {
		*begun = now;
		*count = 0;
	}
	++*count;
}

void rate_limit_count(struct rate_limit *limit, const struct access_options *access, double now)
{
	if (access->cps.number != UNLIMITED)
		count_one(&limit->in_second, &limit->second, 1., now);
	if (access->trigger_limit_burst != UNLIMITED)
		count_one(&limit->in_interval, &limit->interval, interval_of(access), now);
}

void rate_limit_reset(struct rate_limit *limit)
{
	*limit = (struct rate_limit){ 0 };
}
