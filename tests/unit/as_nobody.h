/* Claims about what a user without privileges meets, also where root runs the tests. */
#pragma once

#include <grp.h>

#include "tests/unit/unit.h"

static inline bool become_nobody(void)
{
	return geteuid() != 0 || (setgroups(0, NULL) == 0 && setresgid(65534, 65534, 65534) == 0 &&
				  setresuid(65534, 65534, 65534) == 0);
}

/* Whether nobody can run what was built: in a checkout below /root, say, he cannot. */
static inline bool nobody_reaches_programs(void)
{
	char path[4096];
	ssize_t length = readlink("/proc/self/exe", path, sizeof(path) - 1);
	int status = 1;
	pid_t pid = fork();

	path[length > 0 ? length : 0] = '\0';
	if (pid == 0)
		_exit(become_nobody() && access(path, X_OK) == 0 ? 0 : 1);
	return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
}

#define SKIP_UNLESS_NOBODY_REACHES_PROGRAMS() \
	do { \
		if (!nobody_reaches_programs()) \
			cr_skip_test("needs a build that every user can reach"); \
	} while (0)

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
