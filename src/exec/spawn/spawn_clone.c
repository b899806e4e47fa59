/* Starting by clone: the child runs in this memory and, until it has unshared them, with these descriptors; the
 * calling thread waits for its exec. Nothing is copied, so the cost is that of exec alone, with ten listeners or
 * ten thousand. */
#include "exec/spawn/spawn.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>

#include "exec/spawn/spawn_timeout.h"
#include "os/cgroup/cgroup.h"
#include "os/proc/clone_into_cgroup.h"
#include "os/rights/raw_syscall.h"

static int run(void *job)
{
	raw_raise_effective();
	child_run(job);
}

/* CLONE_FILES needs close_range(CLOSE_RANGE_UNSHARE) of Linux 5.9; an older kernel says ENOSYS there once, and
 * then descriptors are copied as fork does. */
static atomic_bool copies_descriptors;  /* batches start from several threads */

/* A kernel says ENOSYS or, when it has the call but not the flag, EINVAL; a filter of system calls that is older
 * than the call says EPERM. */
static bool lacks_unsharing(const struct fault *fault)
{
	return fault->stage == STAGE_DESCRIPTORS &&
	       (fault->error == ENOSYS || fault->error == EINVAL || fault->error == EPERM);
}

/* Of AddressSanitizer, NULL without it: the frames of the child before never returned, so it takes them for living
 * ones. */
void __asan_unpoison_memory_region(const volatile void *at, size_t size) __attribute__((weak));

/* ENOENT of css_tryget_online_from_dir(), or ENODEV of cgroup_css_set_fork() when it goes just then. */
static pid_t clone_into(struct job *job, char *stack, int flags, pid_t *at)
{
	pid_t pid = clone_into_cgroup(run, stack, SPAWN_STACK, (unsigned)flags, job, job->into, at);

	if (pid < 0 && (errno == ENOENT || errno == ENODEV) && job->into_path &&
	    cgroup_service_reopen(job->into_path, job->into))
		pid = clone_into_cgroup(run, stack, SPAWN_STACK, (unsigned)flags, job, job->into, at);
	return pid;
}

static pid_t clone_patiently(struct job *job, char *stack, int flags)
{
	struct spawn_timeout timeout;
	pid_t pid = -1;

	spawn_timeout_begin(&timeout);
	if (job->into > 0)
		pid = clone_into(job, stack, flags, &timeout.pid);
	if (pid < 0)
		pid = clone(run, stack + SPAWN_STACK, flags | SIGCHLD, job, &timeout.pid);
	spawn_timeout_end(&timeout);
	if (pid >= 0 && timeout.ended && job->fault.stage == STAGE_NONE)
		job->fault = (struct fault){ .stage = job->stage, .error = ETIMEDOUT };
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
	return clone_patiently(job, stack, flags);
}

pid_t spawn_process(struct job *job, char *stack)
{
	pid_t pid = clone_once(job, stack);

	if (pid >= 0 && job->shares_descriptors && lacks_unsharing(&job->fault)) {
		/* The loop reaps that one as a stranger. */
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
