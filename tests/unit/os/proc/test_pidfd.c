/* Descriptors of processes: whose they are, also when it has ended. */
#include "os/proc/process.h"
#include "tests/unit/unit.h"

Test(pidfd, stands_for_its_process)
{
	int own = pidfd_of(getpid());

	if (own < 0)
		cr_skip_test("this kernel has no pidfds");
	cr_expect_eq(pidfd_pid(own), getpid());
	cr_expect(fcntl(own, F_GETFD) & FD_CLOEXEC);
	cr_expect_eq(pidfd_pid(STDIN_FILENO), -1);
	cr_expect_lt(pidfd_of(INT32_MAX), 0);
}

Test(pidfd, of_an_ended_process_has_no_pid)
{
	pid_t child = fork();
	int ended;

	if (child == 0)
		_exit(0);
	ended = pidfd_of(child);
	waitpid(child, NULL, 0);
	if (ended < 0)
		cr_skip_test("this kernel has no pidfds");
	cr_expect_eq(pidfd_pid(ended), -1);
}
