/* A token bucket that stores the missing tokens rather than the present ones, so that a zeroed struct is full, whatever
 * its size. */
#include "superd/limits/token_bucket.h"

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
