/* The stages of cpu_affinity, io_scheduling, cpu_scheduling_* and personality. Sources: sched_setaffinity(2),
 * ioprio_set(2), sched_setscheduler(2), personality(2). */
#include "exec/child/stages.h"

#include <errno.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "exec/child/child.h"

int stage_cpus(struct job *job)
{
	return job->plan->cpus ? sched_setaffinity(0, job->plan->cpus_size, job->plan->cpus) : 0;
}

int stage_io_priority(struct job *job)
{
	if (job->plan->io_priority < 0)
		return 0;
	return (int)syscall(SYS_ioprio_set, 1 /* IOPRIO_WHO_PROCESS */, 0, job->plan->io_priority);
}

/* By the raw system call: libc's sched_setscheduler has only the POSIX policies, or fails always (musl). */
int stage_scheduling(struct job *job)
{
	const struct { int priority; } parameters = { job->plan->cpu_priority };

	if (job->plan->timer_slack && prctl(PR_SET_TIMERSLACK, job->plan->timer_slack, 0, 0, 0) < 0)
		return -1;
	if (job->plan->cpu_policy < 0)
		return 0;
	return (int)syscall(SYS_sched_setscheduler, 0, job->plan->cpu_policy, &parameters);
}

int stage_personality(struct job *job)
{
	if (job->plan->personality < 0)
		return 0;
	return syscall(SYS_personality, job->plan->personality) < 0 ? -1 : 0;
}
