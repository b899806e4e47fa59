/* How often something may happen, and how soon again.
 *
 * A number of events in a window of time, for cps and trigger_limit. Pure: monotonic time is an argument, in seconds. A
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

/* A token bucket: `rate` tokens a second, at most `burst` at once. Time is an argument, in seconds of a monotonic
 * clock. A zeroed struct is full. */
struct token_bucket {
	double spent;                   /* tokens that were missing at `at`; 0: full */
	double at;                      /* time of the last token_bucket_take */
};

/* Takes tokens, more than there are, too: the bucket then owes them. */
void token_bucket_take(struct token_bucket *bucket, double rate, double burst, double tokens, double now);

/* Returns the seconds until there is a token; 0: there is one now. */
double token_bucket_wait(const struct token_bucket *bucket, double rate, double burst, double now);

/* The pause before the next try: 0.1 s, 0.2 s, … up to a maximum, with jitter. Pure: time and chance are arguments. */
struct backoff {
	unsigned char failures;         /* failures in a row, up to UCHAR_MAX */
};

/* Counts a failure, and returns the pause in seconds before the next try. least and most: microseconds (backoff_min,
 * backoff_max). chance: in [0, 1); it shortens the pause by up to a tenth, so that many services do not wake
 * together. */
double backoff_next(struct backoff *backoff, int64_t least, int64_t most, double chance);

/* Resets the count if the run that failed had lasted longer than most: so many seconds, against microseconds. */
void backoff_forgive(struct backoff *backoff, double lasted, int64_t most);

void backoff_reset(struct backoff *backoff);

/* Limits a log line that a backend or a client can cause at will: superd logs it once in ten seconds, with the
 * number of suppressed lines. */
struct log_rate_limit {                 /* zeroed: no line was logged yet */
	double last_logged;             /* loop time of the last line; 0: none */
	unsigned suppressed;            /* lines not logged since */
};

#define LOG_RATE_LIMIT_MORE 40

/* Whether the line must be logged now; if so, more gets its ending: "; 7 more before it", or "". */
bool log_rate_limit_is_due(struct log_rate_limit *limit, char more[LOG_RATE_LIMIT_MORE]);
