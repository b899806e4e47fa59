/* Descriptors of processes: whose they are, also when it has ended. */
#include "os/proc/proc.h"
#include "tests/unit/unit.h"

Test(pidfd, stands_for_its_process)
{
	int own = pidfd_of(getpid());

	if (own < 0)
		cr_skip_test("this kernel has no pidfds");
	cr_expect(fcntl(own, F_GETFD) & FD_CLOEXEC);
	cr_expect_lt(pidfd_of(INT32_MAX), 0);
}
