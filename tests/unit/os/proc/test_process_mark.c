/* What is inherited by all that a start leaves behind. */
#include <sys/resource.h>

#include "os/proc/process.h"
#include "os/proc/process_mark.h"
#include "tests/unit/unit.h"

/* A process with this mark, whose child runs another program in a session of its own, with another environment and none
 * of its descriptors: returns that child. */
static pid_t leave(uint64_t mark)
{
	const struct rlimit limit = { (rlim_t)mark, (rlim_t)mark };
	int ends[2];
	pid_t first, left = 0;

	cr_assert_eq(pipe(ends), 0);
	first = fork();
	if (first == 0) {
		if (setrlimit(RLIMIT_LOCKS, &limit) < 0)
			_exit(1);
		left = fork();
		if (left == 0) {
			setsid();
			for (int fd = 0; fd < 10; fd++)
				close(fd);
			execle("/bin/sleep", "sleep", "1000", (char *)NULL, (char *const[]){ NULL });
			_exit(1);
		}
		_exit(write(ends[1], &left, sizeof(left)) != sizeof(left));
	}
	cr_assert_eq(read(ends[0], &left, sizeof(left)), sizeof(left));
	cr_assert_eq(waitpid(first, NULL, 0), first);
	close(ends[0]);
	close(ends[1]);
	return left;
}

Test(process_mark, is_kept_over_forks_sessions_and_programs)
{
	uint64_t mark = process_mark_new();
	pid_t left;

	if (!process_list_is_possible())
		cr_skip_test("there is no /proc");
	left = leave(mark);
	cr_expect_eq(process_mark(left), mark);
	kill(left, SIGKILL);
}

Test(process_mark, is_new_each_time)
{
	cr_expect_neq(process_mark_new(), process_mark_new());
	cr_expect_neq(process_mark_new(), 0);
}

Test(process_mark, of_nobody_is_none)
{
	cr_expect_neq(process_mark(getpid()), process_mark_new());
	cr_expect_eq(process_mark(0), 0);
}

Test(process_mark, goes_with_the_user)
{
	if (!process_list_is_possible())
		cr_skip_test("there is no /proc");
	cr_expect(process_has_user(getpid(), getuid()));
	cr_expect_not(process_has_user(getpid(), getuid() + 1));
}
