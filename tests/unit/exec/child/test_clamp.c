/* Limits and priorities out of reach, as in a container. What is hard is to be without the privilege whoever runs the
 * tests: each test gives it up for itself. */
#include "exec/child/child.h"
#include "tests/unit/unit.h"

#include <linux/capability.h>
#include <sys/syscall.h>

static void give_up(int capability)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];

	cr_assert_eq(syscall(SYS_capget, &header, data), 0);
	data[capability / 32].effective &= ~(UINT32_C(1) << capability % 32);
	cr_assert_eq(syscall(SYS_capset, &header, data), 0);
}

static long own_oom_score(void)
{
	FILE *file = fopen("/proc/self/oom_score_adj", "re");
	char text[32] = "";

	cr_assert(file && fgets(text, sizeof(text), file));
	fclose(file);
	return strtol(text, NULL, 10);
}

Test(nearest, limit_is_the_hard_one_where_that_may_not_be_raised)
{
	struct rlimit own = { 100, 200 }, wanted = { 300, 400 }, soft = { 50, 400 };

	give_up(CAP_SYS_RESOURCE);
	cr_assert_eq(setrlimit(RLIMIT_NOFILE, &own), 0);
	cr_expect_eq(clamp_rlimit(RLIMIT_NOFILE, &wanted), 0);
	cr_assert_eq(getrlimit(RLIMIT_NOFILE, &own), 0);
	cr_expect(own.rlim_cur == 200 && own.rlim_max == 200);
	cr_expect_eq(clamp_rlimit(RLIMIT_NOFILE, &soft), 0);
	cr_assert_eq(getrlimit(RLIMIT_NOFILE, &own), 0);
	cr_expect(own.rlim_cur == 50 && own.rlim_max == 200);
}

Test(nearest, limit_that_makes_no_sense_is_none)
{
	const struct rlimit wanted = { 100, 50 };

	cr_expect_eq(clamp_rlimit(RLIMIT_CORE, &wanted), -1);
	cr_expect_eq(errno, EINVAL);
}

Test(nearest, limit_within_reach_is_set_as_it_is)
{
	const struct rlimit wanted = { 20, 40 };
	struct rlimit own;

	give_up(CAP_SYS_RESOURCE);
	cr_expect_eq(clamp_rlimit(RLIMIT_CORE, &wanted), 0);
	cr_assert_eq(getrlimit(RLIMIT_CORE, &own), 0);
	cr_expect(own.rlim_cur == 20 && own.rlim_max == 40);
}

Test(nearest, nice_stays_where_it_may_not_go_down)
{
	const struct rlimit none = { 0, 0 };
	int nicer = getpriority(PRIO_PROCESS, 0) < 19 ? getpriority(PRIO_PROCESS, 0) + 1 : 19;

	give_up(CAP_SYS_NICE);
	cr_assert_eq(setrlimit(RLIMIT_NICE, &none), 0);
	cr_expect_eq(clamp_nice(nicer), 0);
	cr_expect_eq(getpriority(PRIO_PROCESS, 0), nicer);
	cr_expect_eq(clamp_nice(-20), 0);
	cr_expect_eq(getpriority(PRIO_PROCESS, 0), nicer);
}

Test(nearest, oom_score_stays_where_it_may_not_go_down)
{
	long before = own_oom_score();

	give_up(CAP_SYS_RESOURCE);
	cr_expect_eq(clamp_oom_score("-1000"), 0);
	cr_expect(own_oom_score() == before || own_oom_score() == -1000);
	cr_expect_eq(clamp_oom_score("900"), 0);
	cr_expect_eq(own_oom_score(), 900);
	cr_expect_eq(clamp_oom_score("many"), -1);
}
