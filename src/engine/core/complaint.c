/* Limits how often a line is logged, however often there is a reason for it. */
#include "engine/core/complaint.h"

#include <stdio.h>

#include "base/clock.h"
#include "engine/core/engine.h"

#define EVERY 10.                       /* seconds */

bool complaint_is_due(struct complaint *complaint, char more[COMPLAINT_MORE])
{
	double now = clock_now();

	if (complaint->said && now - complaint->said < EVERY) {
		complaint->unsaid++;
		return false;
	}
	more[0] = '\0';
	if (complaint->unsaid)
		snprintf(more, COMPLAINT_MORE, "; %u more before it", complaint->unsaid);
	*complaint = (struct complaint){ .said = now };
	return true;
}
