/* superd waits for a start while poll(2) fails, as it does where somebody sets superd's limit of open files to 0. */
#include "tests/unit/superd/start/starts.h"
#include "tests/unit/rows.h"

#include <poll.h>
#include <time.h>

#include "superd/start/spawn_timeout.h"

static bool is_refused;

/* In libc's place. */
__attribute__((no_sanitize_address)) int poll(struct pollfd *list, nfds_t count, int timeout)
{
	const struct timespec until = { timeout / 1000, timeout % 1000 * 1000000L };

	if (!is_refused || !count)
		return ppoll(list, count, timeout < 0 ? NULL : &until, NULL);
	errno = EINVAL;
	return -1;
}

TestSuite(spawn_wait, .init = set_up, .fini = tear_down, .timeout = 120);

static struct spawn_request start_refused(struct plan *plan)
{
	static const int wanted[] = { 0, 1, 2 };
	struct spawn_request launch = { .plan = plan, .wanted = wanted, .wanted_count = 3 };

	spawn_timeout_seconds = .2;
	is_refused = true;
	spawn_start(&launch);
	is_refused = false;
	settle(&launch);
	plan_free(plan);
	spawn_end();
	return launch;
}

Test(spawn_wait, hears_of_a_program_that_runs)
{
	struct spawn_request launch = start_refused(row_plan("exec = \"/bin/true\""));

	cr_expect_gt(launch.pid, 0, "%s", fault_reason(&launch.fault));
	cr_expect_eq(waitpid(launch.pid, NULL, 0), launch.pid);
}

Test(spawn_wait, hears_of_one_that_fails)
{
	struct spawn_request launch = start_refused(row_plan("exec = \"/none\""));

	cr_expect_eq(launch.pid, -1);
	cr_expect_eq(launch.fault.error, ENOENT, "%s", fault_reason(&launch.fault));
}
