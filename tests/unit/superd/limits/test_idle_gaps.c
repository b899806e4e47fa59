/* Gaps without clients, added up for three timeouts. */
#include "superd/limits/idle_gaps.h"
#include "tests/unit/unit.h"

Test(idle_gaps, a_gap_counts_behind_each_timeout_that_it_is_longer_than)
{
	struct idle_gaps gaps = { 0 };

	idle_gaps_add(&gaps, 30);
	cr_expect_eq(gaps.wakes[0], 0);
	idle_gaps_add(&gaps, 400);
	cr_expect_eq(gaps.wakes[0], 1);
	cr_expect_eq(gaps.wakes[1], 1);
	cr_expect_eq(gaps.wakes[2], 0);
	cr_expect_float_eq(gaps.asleep[0], 370, 1e-9);
	cr_expect_float_eq(gaps.asleep[1], 100, 1e-9);
	cr_expect_float_eq(gaps.asleep[2], 0, 1e-9);
}

Test(idle_gaps, the_present_gap_is_sleep_and_no_wake_yet)
{
	struct idle_gaps gaps = { 0 };

	idle_gaps_add(&gaps, 40);
	cr_expect_float_eq(idle_gaps_asleep(&gaps, 0, 50), 30, 1e-9);
	cr_expect_float_eq(idle_gaps_asleep(&gaps, 0, 20), 10, 1e-9);
	cr_expect_float_eq(idle_gaps_asleep(&gaps, 1, 50), 0, 1e-9);
	cr_expect_eq(gaps.wakes[0], 1);
}

Test(idle_gaps, the_time_asleep_ends_with_the_client_that_came)
{
	struct idle_gaps gaps = { .begun = 100, .unused = 200 };

	idle_gaps_begin(&gaps, 1000, 900);
	cr_expect_float_eq(gaps.asleep[1], 400, 1e-9);
	cr_expect_eq(gaps.unused, 0);
	cr_expect_float_eq(gaps.begun, 100, 1e-9);
}

Test(idle_gaps, who_came_before_ends_no_gap)
{
	struct idle_gaps gaps = { .unused = 200 };

	idle_gaps_begin(&gaps, 1000, 150);
	cr_expect_eq(gaps.wakes[0], 0);
	cr_expect_float_eq(gaps.begun, 1000, 1e-9);
}
