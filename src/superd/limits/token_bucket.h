/* A token bucket: `rate` tokens a second, at most `burst` at once. Time is an argument, in seconds of a monotonic
 * clock. A zeroed struct is full. */
#pragma once

#include <stdbool.h>

struct token_bucket {
	double spent;                   /* tokens that were missing at `at`; 0: full */
	double at;                      /* time of the last token_bucket_take */
};

/* Takes tokens, more than there are, too: the bucket then owes them. */
void token_bucket_take(struct token_bucket *bucket, double rate, double burst, double tokens, double now);

/* Returns the seconds until there is a token; 0: there is one now. */
double token_bucket_wait(const struct token_bucket *bucket, double rate, double burst, double now);
