/* clone3(2) with CLONE_INTO_CGROUP, which libc does not wrap.
 *
 * The child returns from the system call with another stack, where none of this function's variables are. So everything
 * the child needs is in registers, and its next steps are assembly, written for x86-64 only. On other processors the
 * child joins its group by itself (exec/child/cgroup_join.c). */
#include "os/proc/clone_into_cgroup.h"

#include <errno.h>
#include <limits.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/thread.h"
#include "os/foreign/fork_fds.h"

#define TRIAL_STACK (16 << 10)
#define REAP_MOST 1000                  /* milliseconds */

#ifdef SPAWN_FORK
#define STARTS_BY_FORK true
#else
#define STARTS_BY_FORK false
#endif

#if defined(SYS_clone3) && defined(__x86_64__) && !defined(__ILP32__)

/* A kernel that may be asked reports EBADF for a descriptor that is not open; a container may deny the call. */
static bool probe_clone3(void)
{
	struct clone_args arguments = { .flags = CLONE_INTO_CGROUP, .exit_signal = SIGCHLD, .cgroup = INT_MAX };

	return syscall(SYS_clone3, &arguments, sizeof(arguments)) < 0 && errno == EBADF;
}

pid_t clone_into_cgroup(int (*run)(void *), char *stack, size_t size, unsigned flags, void *argument, int group,
			pid_t *pid)
{
	struct clone_args arguments = {
		.flags = CLONE_INTO_CGROUP | flags,
		.parent_tid = (uintptr_t)pid,
		.exit_signal = SIGCHLD,
		.stack = (uintptr_t)stack,
		.stack_size = size,
		.cgroup = (uint64_t)group,
	};
	long result;

	__asm__ volatile("syscall\n\t"
			 "test %%rax, %%rax\n\t"
			 "jnz 1f\n\t"
			 "mov %[argument], %%rdi\n\t"
			 "call *%[run]\n\t"
			 "hlt\n"
			 "1:"
			 : "=a"(result)
			 : "0"((long)SYS_clone3), "D"(&arguments),
			   "S"(sizeof(arguments)), [run] "r"(run), [argument] "r"(argument)
			 : "rcx", "r11", "memory", "cc");
	if (result >= 0)
		return (pid_t)result;
	errno = (int)-result;
	return -1;
}
#else
static bool probe_clone3(void)
{
	return false;
}

pid_t clone_into_cgroup(int (*run)(void *), char *stack, size_t size, unsigned flags, void *argument, int group,
			pid_t *pid)
{
	(void)run, (void)stack, (void)size, (void)flags, (void)argument, (void)group, (void)pid;
	errno = ENOSYS;
	return -1;
}
#endif

static int exit_child(void *unused)
{
	(void)unused;
	_exit(0);
}

bool clone_into_cgroup_survives(int group)
{
	static char stack[TRIAL_STACK] __attribute__((aligned(64)));
	sigset_t before;
	int status = -1;
	pid_t pid;

	thread_block_signals(&before);
	pid = clone_into_cgroup(exit_child, stack, sizeof(stack), CLONE_VM | CLONE_VFORK, NULL, group, NULL);
	if (pid > 0 && !waitpid_timeout(pid, REAP_MOST, &status))
		pid = -1;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return pid > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

bool clone_into_cgroup_is_possible(void)
{
	static atomic_int answer; /* 1: no, 2: yes */

	if (!answer)
		answer = !STARTS_BY_FORK && probe_clone3() ? 2 : 1;
	return answer == 2;
}
