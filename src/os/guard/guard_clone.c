/* The new process is one of the C library's: its thread has the right number, as after fork(3). */
#include "os/guard/guard_clone.h"

#include <errno.h>
#include <linux/sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

pid_t guard_clone(int32_t *noted)
{
	struct clone_args arguments = {
		.flags = CLONE_FILES | CLONE_PARENT_SETTID, .exit_signal = SIGCHLD, .parent_tid = (uintptr_t)noted,
	};
	int *thread = NULL;
	long pid;

	if (prctl(PR_GET_TID_ADDRESS, &thread) == 0 && thread) {
		arguments.flags |= CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID;
		arguments.child_tid = (uintptr_t)thread;
	}
	pid = syscall(SYS_clone3, &arguments, sizeof(arguments));
#ifndef __s390__
	if (pid < 0 && errno == ENOSYS)
		pid = syscall(SYS_clone, CLONE_FILES | SIGCHLD, 0, 0, 0, 0);
#endif
	if (pid > 0)
		*noted = (int32_t)pid;
	return (pid_t)pid;
}
