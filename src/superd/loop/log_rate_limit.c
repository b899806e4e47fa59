/* Limits how often a line is logged, however often there is a reason for it. */
#include "superd/loop/log_rate_limit.h"

#include <stdio.h>

#include "lib/clock.h"
#include "superd/loop/engine.h"

#define INTERVAL 10.                    /* seconds */

bool log_rate_limit_is_due(struct log_rate_limit *limit, char more[LOG_RATE_LIMIT_MORE])
{
	double now = clock_now();

	if (limit->last_logged && now - limit->last_logged < INTERVAL) {
		limit->suppressed++;
		return false;
	}
	more[0] = '\0';
	if (limit->suppressed)
		snprintf(more, LOG_RATE_LIMIT_MORE, "; %u more before it", limit->suppressed);
	*limit = (struct log_rate_limit){ .last_logged = now };
	return true;
}
