/* Starts with clone(2): the child runs in superd's memory and, until it has unshared them, with superd's descriptors,
 * while the calling thread waits for its exec. Nothing is copied, so the cost is that of the exec alone, with ten
 * listeners or ten thousand. */
#include "superd/start/spawn.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>

#include "os/cgroup/cgroup.h"
#include "os/proc/clone_into_cgroup.h"
#include "os/rights/raw_syscall.h"
#include "superd/start/spawn_timeout.h"

static int run_child(void *job)
{
	raw_raise_effective();
	child_run(job, STAGE_CGROUP, NULL);
}

/* CLONE_FILES needs close_range(CLOSE_RANGE_UNSHARE). After the first failure of that call descriptors are copied, as
 * by fork(2). Atomic, as batches start from several threads. */
static atomic_bool copies_descriptors;

/* A symbol of AddressSanitizer, NULL without it: earlier children never returned from this stack, so it takes their
 * frames for live ones. */
void __asan_unpoison_memory_region(const volatile void *at, size_t size) __attribute__((weak));

/* A removed group fails with ENOENT (the kernel's css_tryget_online_from_dir), or with ENODEV if it is removed just
 * then (cgroup_css_set_fork). */
static pid_t clone_into_job_cgroup(struct job *job, char *stack, int flags, pid_t *at)
{
	pid_t pid = clone_into_cgroup(run_child, stack, SPAWN_STACK, (unsigned)flags, job, job->into, at);

	if (pid < 0 && (errno == ENOENT || errno == ENODEV) && job->into_path &&
	    cgroup_service_reopen(job->into_path, job->into))
		pid = clone_into_cgroup(run_child, stack, SPAWN_STACK, (unsigned)flags, job, job->into, at);
	return pid;
}

static pid_t clone_with_timeout(struct job *job, char *stack, int flags)
{
	struct spawn_timeout timeout;
	pid_t pid = -1;

	spawn_timeout_begin(&timeout);
	if (job->into > 0)
		pid = clone_into_job_cgroup(job, stack, flags, &timeout.pid);
	if (pid < 0)
		pid = clone(run_child, stack + SPAWN_STACK, flags | SIGCHLD, job, &timeout.pid);
	spawn_timeout_end(&timeout);
	if (pid >= 0 && timeout.ended && job->fault.stage == STAGE_NONE)
		job->fault = (struct fault){ .stage = job->stage ? job->stage : STAGE_FORK, .error = ETIMEDOUT };
	return pid;
}

static pid_t clone_once(struct job *job, char *stack)
{
	int flags = CLONE_VM | CLONE_VFORK | CLONE_PARENT_SETTID;

	if (__asan_unpoison_memory_region)
		__asan_unpoison_memory_region(stack, SPAWN_STACK);
	job->fault = (struct fault){ .stage = STAGE_NONE };
	job->shares_descriptors = !copies_descriptors;
	if (job->shares_descriptors)
		flags |= CLONE_FILES;
	return clone_with_timeout(job, stack, flags);
}

pid_t spawn_process(struct job *job, char *stack)
{
	pid_t pid = clone_once(job, stack);
	/* A container may forbid close_range: its filter of system calls answers with one of these. */
	bool is_forbidden = pid >= 0 && job->fault.stage == STAGE_DESCRIPTORS &&
			    (job->fault.error == ENOSYS || job->fault.error == EPERM);

	if (is_forbidden && job->shares_descriptors) {
		/* The loop reaps the failed child as an unknown one. */
		copies_descriptors = true;
		pid = clone_once(job, stack);
	}
	if (pid < 0) {
		job->fault = (struct fault){ .stage = STAGE_FORK, .error = errno };
		return -1;
	}
	if (job->fault.stage == STAGE_NONE)
		return pid;
	job->unreaped = pid;
	return -1;
}
