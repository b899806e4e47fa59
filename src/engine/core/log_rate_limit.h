/* A line of the log that a backend or a client can bring about as often as it likes: it is said once in ten seconds,
 * along with how many were not. */
#pragma once

#include <stdbool.h>

struct log_rate_limit {                 /* zeroed: none was said yet */
	double last_logged;             /* when the last was, loop time */
	unsigned suppressed;            /* since */
};

#define LOG_RATE_LIMIT_MORE 40

/* Whether it is to be said now; then more is what to add: "; 7 more before it", or nothing. */
bool log_rate_limit_is_due(struct log_rate_limit *limit, char more[LOG_RATE_LIMIT_MORE]);
