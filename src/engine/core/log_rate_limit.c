/* Limits how often a line is logged, however often there is a reason for it. */
#include "engine/core/log_rate_limit.h"

#include <stdio.h>

#include "base/clock.h"
#include "engine/core/engine.h"

#define EVERY 10.                       /* seconds */

bool log_rate_limit_is_due(struct log_rate_limit *complaint, char more[LOG_RATE_LIMIT_MORE])
{
	double now = clock_now();

	if (complaint->said && now - complaint->said < EVERY) {
		complaint->unsaid++;
		return false;
	}
	more[0] = '\0';
	if (complaint->unsaid)
		snprintf(more, LOG_RATE_LIMIT_MORE, "; %u more before it", complaint->unsaid);
	*complaint = (struct log_rate_limit){ .said = now };
	return true;
}
