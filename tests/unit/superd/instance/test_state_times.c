/* superd/instance/service_stats: seconds of each state. */
#include "superd/instance/service_stats.h"
#include "tests/unit/unit.h"

Test(spent, adds_up_each_state_that_was_left)
{
	struct state_times spent = { .entered = 10 };

	state_times_leave(&spent, LISTENING, 15);
	state_times_leave(&spent, RUNNING, 17);
	state_times_leave(&spent, LISTENING, 18);
	cr_expect_float_eq(state_times_in(&spent, LISTENING, RUNNING, 0, 20), 6, 1e-9);
	cr_expect_float_eq(state_times_in(&spent, RUNNING, RUNNING, 0, 20), 4, 1e-9);
	cr_expect_float_eq(state_times_in(&spent, FROZEN, RUNNING, 0, 20), 0, 1e-9);
}

Test(spent, one_that_has_counted_nothing_is_where_it_began)
{
	cr_expect_float_eq(state_times_in(NULL, LISTENING, LISTENING, 10, 12.5), 2.5, 1e-9);
	cr_expect_float_eq(state_times_in(NULL, RUNNING, LISTENING, 10, 12.5), 0, 1e-9);
}

Test(spent, never_takes_anything_back)
{
	struct state_times spent = { .entered = 10 };

	state_times_leave(&spent, LISTENING, 9);
	cr_expect_float_eq(state_times_in(&spent, LISTENING, RUNNING, 0, 9), 0, 1e-9);
	cr_expect_float_eq(state_times_in(&spent, RUNNING, RUNNING, 0, 8), 0, 1e-9);
}
