/* Time limits: what is between two looks counts as a step at most. */
#include "lib/clock.h"
#include "tests/unit/unit.h"

static void pass(double seconds)
{
	for (double until = clock_now() + seconds; clock_now() < until;)
		usleep(1000);
}

Test(run_limit, is_over_by_looks_alone)
{
	struct run_limit limit;

	run_limit_begin(&limit, 2 * RUN_LIMIT_STEP);
	pass(4 * RUN_LIMIT_STEP);
	cr_expect_float_eq(run_limit_left(&limit), RUN_LIMIT_STEP, 1e-9);
	pass(4 * RUN_LIMIT_STEP);
	cr_expect_float_eq(run_limit_left(&limit), 0, 1e-9);
	pass(2 * RUN_LIMIT_STEP);
	cr_expect_float_eq(run_limit_left(&limit), 0, 1e-9);
}

Test(run_limit, waits_for_so_long)
{
	double begun = clock_now();
	struct run_limit limit;
	int ends[2];

	cr_assert_eq(pipe(ends), 0);
	run_limit_begin(&limit, .2);
	cr_expect_not(run_limit_wait(&limit, ends[0]));
	cr_expect_geq(clock_now() - begun, .2);
	cr_assert_eq(write(ends[1], "", 1), 1);
	cr_expect(run_limit_wait(&limit, ends[0]), "an answer that is there counts, however late it is looked for");
}
