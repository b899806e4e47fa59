/* Starts for tests, which wait for what the loop would hear of: the report of a start apart, and the end of one that
 * failed. */
#pragma once

#include "superd/daemon.h"
#include "tests/unit/hang.h"

/* What is known of this start by its program's first moment, whichever way it was made: as if it had been waited
 * for. */
static inline void settle(struct spawn_request *launch)
{
	struct pollfd told = { launch->report, POLLIN, 0 };

	if (launch->report < 0)
		return;
	if (poll(&told, 1, HANG_MS) == 1 &&
	    read(launch->report, &launch->fault, sizeof(launch->fault)) == (ssize_t)sizeof(launch->fault)) {
		waitpid(launch->pid, NULL, 0);
		launch->pid = -1;
	}
	close(launch->report);
	launch->report = -1;
}

static inline void start(struct spawn_request *request)
{
	request->pid = launch(request, NULL, &request->report);
	if (request->pid < 0 && request->fault.stage > STAGE_FORK)
		waitpid(-1, NULL, 0);   /* as the loop does */
}

static inline void start_and_settle(struct spawn_request *request)
{
	start(request);
	settle(request);
}
