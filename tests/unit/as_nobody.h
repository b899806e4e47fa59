/* Claims about what a user without privileges meets, also where root runs the tests. */
#pragma once

#include <grp.h>

#include "tests/unit/unit.h"

static inline bool become_nobody(void)
{
	return geteuid() != 0 || (setgroups(0, NULL) == 0 && setresgid(65534, 65534, 65534) == 0 &&
				  setresuid(65534, 65534, 65534) == 0);
}

/* Runs in a child, so that a claim leaves nothing to the next one, as nobody, or as the user who runs the test. What it
 * asserts by returning false fails the test. */
static inline void as_nobody(bool (*claim)(void))
{
	int status;
	pid_t pid = fork();

	if (pid == 0)
		_exit(become_nobody() && claim() ? 0 : 1);
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_expect_eq(status, 0);
}
