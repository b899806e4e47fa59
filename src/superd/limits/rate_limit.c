/* How often something may happen, and how soon again.
 *
 * The first event after the end of a window begins the next. The last event that is let in does not end the window; the
 * next one exceeds it, if there is one. */
#include "superd/limits/rate_limit.h"

#include <limits.h>
#include <stdio.h>

#include "lib/clock.h"
#include "table/service/service.h"

#define LOG_INTERVAL 10.                /* seconds */

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

/* It stores the missing tokens rather than the present ones, so that a zeroed struct is full, whatever
 * its size. */
static double missing_tokens(const struct token_bucket *bucket, double rate, double now)
{
	double spent = bucket->spent - (now - bucket->at) * rate;

	return spent > 0. ? spent : 0.;
}

void token_bucket_take(struct token_bucket *bucket, double rate, double burst, double tokens, double now)
{
	double most = 2. * burst;       /* bounds the wait after a large amount was taken at once */

	bucket->spent = missing_tokens(bucket, rate, now) + tokens;
	if (bucket->spent > most)
		bucket->spent = most;
	bucket->at = now;
}

double token_bucket_wait(const struct token_bucket *bucket, double rate, double burst, double now)
{
	double over = missing_tokens(bucket, rate, now) - burst;

	return over >= 0. ? (over + 1.) / rate : 0.;
}

/* The count saturates, so a service that fails for years overflows nothing. */
double backoff_next(struct backoff *backoff, int64_t least, int64_t most, double chance)
{
	double pause = (double)least;

	for (unsigned n = 0; n < backoff->failures && pause < (double)most; n++)
		pause *= 2;
	if (pause > (double)most)
		pause = (double)most;
	if (backoff->failures < UCHAR_MAX)
		backoff->failures++;
	return pause / 1e6 * (1 - chance / 10);
}

void backoff_forgive(struct backoff *backoff, double lasted, int64_t most)
{
	if (lasted * 1e6 > (double)most)
		backoff_reset(backoff);
}

void backoff_reset(struct backoff *backoff)
{
	backoff->failures = 0;
}

bool log_rate_limit_is_due(struct log_rate_limit *limit, char more[LOG_RATE_LIMIT_MORE])
{
	double now = clock_now();

	if (limit->last_logged && now - limit->last_logged < LOG_INTERVAL) {
		limit->suppressed++;
		return false;
	}
	more[0] = '\0';
	if (limit->suppressed)
		snprintf(more, LOG_RATE_LIMIT_MORE, "; %u more before it", limit->suppressed);
	*limit = (struct log_rate_limit){ .last_logged = now };
	return true;
}
