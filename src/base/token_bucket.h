/* A token bucket: so much a second over time, and so much at once. Pure: time is an argument, in seconds of a clock that
 * never goes back. A zeroed struct is full. */
#pragma once

#include <stdbool.h>

struct token_bucket {
	double spent;                   /* tokens that are missing by then */
	double at;
};

/* Takes so many tokens; where there are too few, what is missing has to come in again first. */
void token_bucket_take(struct token_bucket *bucket, double rate, double burst, double tokens, double now);

/* Seconds until there are some again; 0: there are. */
double token_bucket_wait(const struct token_bucket *bucket, double rate, double burst, double now);
