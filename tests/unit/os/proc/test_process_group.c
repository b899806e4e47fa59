/* Process groups by descriptors, whose numbers may be others' by the time of a signal. */
#include <sys/prctl.h>

#include "os/proc/process_group.h"
#include "tests/unit/unit.h"

struct band {
	pid_t leader, member;
};

/* A leader that ends and is not reaped, and a member that stays. */
static struct band begin(void)
{
	struct band band = { .member = 0 };
	siginfo_t ended;
	int ends[2];

	cr_assert_eq(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
	cr_assert_eq(pipe(ends), 0);
	band.leader = fork();
	if (band.leader == 0) {
		setsid();
		band.member = fork();
		if (band.member == 0) {
			for (;;)
				pause();
		}
		_exit(write(ends[1], &band.member, sizeof(band.member)) < 0);
	}
	cr_assert_eq(read(ends[0], &band.member, sizeof(band.member)), (ssize_t)sizeof(band.member));
	cr_assert_eq(waitid(P_PID, (id_t)band.leader, &ended, WEXITED | WNOWAIT), 0);
	close(ends[0]);
	close(ends[1]);
	return band;
}

static void ends_with(int fd, const struct band *band)
{
	int status;

	cr_expect(process_group_lives(fd));
	cr_expect(process_group_signal(fd, SIGKILL));
	cr_assert_eq(waitpid(band->member, &status, 0), band->member);
	cr_expect(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	cr_expect_not(process_group_lives(fd));
	cr_expect_not(process_group_signal(fd, SIGKILL));
	close(fd);
}

Test(process_group, outlives_its_leader)
{
	struct band band = begin();
	int fd = process_group_open(band.leader);

	cr_assert_geq(fd, 0);
	waitpid(band.leader, NULL, 0);
	ends_with(fd, &band);
}

/* As on a kernel before Linux 6.9. */
Test(process_group, has_a_descriptor_without_a_leader)
{
	struct band band = begin();
	int fd;

	waitpid(band.leader, NULL, 0);
	fd = process_group_open(band.leader);
	cr_assert_geq(fd, 0);
	ends_with(fd, &band);
}

Test(process_group, that_is_empty_has_none)
{
	struct band band = begin();

	kill(band.member, SIGKILL);
	waitpid(band.leader, NULL, 0);
	waitpid(band.member, NULL, 0);
	cr_expect_lt(process_group_open(band.leader), 0);
	cr_expect_eq(errno, ESRCH);
	cr_expect_lt(process_group_open(1), 0);
	cr_expect_lt(process_group_open(0), 0);
}
