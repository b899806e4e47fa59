/* Measures the time in which a backend could have run and did not serve its clients. Measuring costs time as well,
 * so it begins only after MEASURED seconds without progress, and is repeated at most ten times a second. */
#include "superd/stop/drain_deadline.h"

#include <limits.h>

#include "os/proc/process.h"
#include "os/proc/schedstat.h"

#define MEASURED 0.1                    /* seconds between two measures */

void drain_deadline_begin(struct drain_deadline *deadline, double now)
{
	*deadline = (struct drain_deadline){ .since = now, .looked = now, .delay = -1., .left = UINT_MAX };
}

/* Adds the part of the time since the last measure in which the backend was not kept from running. pid 0: it has no
 * process yet. */
static void add_idle_time(struct drain_deadline *deadline, pid_t pid, double now)
{
	double delay = pid > 0 ? schedstat_run_delay(pid) : -1., passed = now - deadline->looked;

	if (deadline->delay >= 0 && delay > deadline->delay)
		passed -= delay - deadline->delay;
	if (passed > 0 && !(pid > 0 && process_state(pid) == PROCESS_BLOCKED))
		deadline->idle += passed;
	deadline->delay = delay;
	deadline->looked = now;
}

bool drain_deadline_is_over(struct drain_deadline *deadline, double now, pid_t pid, unsigned left)
{
	if (left < deadline->left) {
		deadline->left = left;
		deadline->idle = 0;
		deadline->looked = now;
		deadline->delay = -1.;
	} else if (now - deadline->looked >= MEASURED) {
		add_idle_time(deadline, pid, now);
	}
	return deadline->idle >= DRAIN_IDLE_MOST || now - deadline->since >= DRAIN_DURATION_MOST;
}

void drain_deadline_log_over(struct service_runtime *runtime, pid_t pid, unsigned left)
{
	struct event event = { .name = "impatient", .service = runtime->service->name, .pid = pid };

	runtime->run->stats.parted += left;
	if (left)
		log_event(runtime->engine->log, LEVEL_NOTICE, &event, "stopping pid %ld, which has %u client%s still",
			  (long)pid, left, left == 1 ? "" : "s");
	else
		log_event(runtime->engine->log, LEVEL_NOTICE, &event, "stopping pid %ld, which may have clients still",
			  (long)pid);
}
