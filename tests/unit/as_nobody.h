/* Claims about what a user without privileges meets, also where root runs the tests. */
#pragma once

#include <criterion/criterion.h>

#include <grp.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

/* Runs in a child as nobody; what it asserts by returning false fails the test. */
static inline void as_nobody(bool (*claim)(void))
{
	int status;
	pid_t pid;

	if (geteuid() != 0) {
		cr_expect(claim());
		return;
	}
	pid = fork();
	if (pid == 0)
		_exit(setgroups(0, NULL) == 0 && setresgid(65534, 65534, 65534) == 0 &&
		      setresuid(65534, 65534, 65534) == 0 && claim() ? 0 : 1);
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_expect_eq(status, 0);
}
