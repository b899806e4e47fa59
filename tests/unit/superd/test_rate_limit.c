/* Events in windows of time that the test makes. */
#include "superd/main.h"
#include "tests/unit/unit.h"

static void count_until(struct rate_limit *limit, int64_t most, double begin, double step)
{
	for (int64_t n = 0; n < most; n++) {
		cr_assert_not(rate_limit_is_reached(limit, most, 1., begin + (double)n * step));
		rate_limit_count(limit, 1., begin + (double)n * step);
	}
}

Test(rate_limit, lets_everything_in_without_a_limit)
{
	struct rate_limit limit = { 0 };

	for (int n = 0; n < 1000; n++)
		rate_limit_count(&limit, 1., 1);
	cr_expect_not(rate_limit_is_reached(&limit, UNLIMITED, 1., 1));
}

Test(rate_limit, lets_exactly_as_many_in_a_window_as_it_may)
{
	struct rate_limit limit = { 0 };

	count_until(&limit, 3, 50, 0.3);
	cr_expect(rate_limit_is_reached(&limit, 3, 1., 50.99));
	cr_expect_not(rate_limit_is_reached(&limit, 3, 1., 51), "a second after the first");
}

/* xinetd takes the number for the length of the window too: there, the second of "cps = 1 2" was refused. */
Test(rate_limit, takes_a_second_for_a_second_whatever_the_number)
{
	struct rate_limit limit = { 0 };

	for (int second = 0; second < 50; second++)
		count_until(&limit, 100, 1000 + second, .01);
}

Test(rate_limit, lets_nobody_in_at_zero)
{
	struct rate_limit limit = { 0 };

	cr_expect(rate_limit_is_reached(&limit, 0, 1., 1));
	cr_expect(rate_limit_is_reached(&limit, 0, 1., 1e6));
}
