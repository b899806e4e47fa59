/* The pause before the next try of what has failed: least, twice that, … up to most, with jitter. The one place where
 * superd and its programs compute such a pause. Pure: time and chance are arguments. */
#pragma once

#include <stdint.h>

struct backoff {                        /* zeroed: nothing has failed */
	unsigned char failures;         /* in a row, up to UCHAR_MAX */
};

/* Counts a failure, and returns the pause in seconds before the next try. least and most: microseconds (backoff_min,
 * backoff_max). chance: in [0, 1); it shortens the pause by up to a tenth, so that many services do not wake
 * together. */
double backoff_next(struct backoff *backoff, int64_t least, int64_t most, double chance);

/* Resets the count if the run that failed had lasted longer than most: so many seconds, against microseconds. */
void backoff_forgive(struct backoff *backoff, double lasted, int64_t most);

void backoff_reset(struct backoff *backoff);
