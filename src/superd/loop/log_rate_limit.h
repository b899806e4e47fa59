/* Limits a log line that a backend or a client can cause at will: superd logs it once in ten seconds, with the
 * number of suppressed lines. */
#pragma once

#include <stdbool.h>

struct log_rate_limit {                 /* zeroed: no line was logged yet */
	double last_logged;             /* loop time of the last line; 0: none */
	unsigned suppressed;            /* lines not logged since */
};

#define LOG_RATE_LIMIT_MORE 40

/* Whether the line must be logged now; if so, more gets its ending: "; 7 more before it", or "". */
bool log_rate_limit_is_due(struct log_rate_limit *limit, char more[LOG_RATE_LIMIT_MORE]);
