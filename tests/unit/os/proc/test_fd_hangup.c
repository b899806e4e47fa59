/* Hearing of a hangup, and of nothing else. */
#include "os/proc/fd_hangup.h"
#include "tests/unit/unit.h"

Test(hangup, is_told_of_the_end_alone)
{
	int hangups = fd_hangup_open(), ends[2], file = open("/proc/self/exe", O_RDONLY);

	if (hangups < 0)
		cr_skip_test("no epoll here");
	cr_assert_eq(pipe(ends), 0);
	cr_assert(fd_hangup_watch(hangups, ends[0]));
	cr_expect_not(fd_hangup_watch(hangups, file), "a file never hangs up");
	cr_assert_eq(write(ends[1], "x", 1), 1);
	cr_expect_eq(fd_hangup_next(hangups), -1, "what can be read is no end");
	close(ends[1]);
	cr_expect_eq(fd_hangup_next(hangups), ends[0]);
	fd_hangup_forget(hangups, ends[0]);
	cr_expect_eq(fd_hangup_next(hangups), -1);
}
