/* cps and trigger_limit over time that the test makes. */
#include <criterion/criterion.h>

#include "engine/limits/rate_limit.h"

static struct access_options access_of(int64_t cps, int64_t burst, double interval)
{
	return (struct access_options){
		.cps = { .number = cps, .pause = 10000000 },
		.trigger_limit_burst = burst,
		.trigger_limit_interval = (int64_t)(interval * 1e6),
	};
}

Test(pace, counts_nothing_for_a_service_without_limits)
{
	struct access_options access = access_of(UNLIMITED, UNLIMITED, 2);
	struct rate_limit pace = { 0 };

	cr_expect(!rate_limit_is_limited(&access));
	for (int n = 0; n < 1000; n++)
		rate_limit_count(&pace, &access, 1);
	cr_expect_eq(rate_limit_check(&pace, &access, 1), WITHIN_LIMITS);
	cr_expect_eq(pace.in_second, 0);
	cr_expect_eq(pace.in_interval, 0);
}

Test(pace, lets_exactly_as_many_in_a_second_as_cps_says)
{
	struct access_options access = access_of(3, UNLIMITED, 2);
	struct rate_limit pace = { 0 };

	for (int n = 0; n < 3; n++) {
		cr_expect_eq(rate_limit_check(&pace, &access, 50 + n * 0.3), WITHIN_LIMITS);
		rate_limit_count(&pace, &access, 50 + n * 0.3);
	}
	cr_expect_eq(rate_limit_check(&pace, &access, 50.99), OVER_CPS);
	cr_expect_eq(rate_limit_check(&pace, &access, 51), WITHIN_LIMITS, "a second after the first");
}

/* xinetd takes the number for the length of the window too: there, the second of "cps = 1 2" was refused. */
Test(pace, takes_a_second_for_a_second_whatever_the_number)
{
	struct access_options access = access_of(100, UNLIMITED, 2);
	struct rate_limit pace = { 0 };

	for (int second = 0; second < 50; second++) {
		for (int n = 0; n < 100; n++) {
			double now = 1000 + second + n / 100.;

			cr_assert_eq(rate_limit_check(&pace, &access, now), WITHIN_LIMITS, "at %g", now);
			rate_limit_count(&pace, &access, now);
		}
	}
}

Test(pace, keeps_both_limits_beside_each_other)
{
	struct access_options access = access_of(2, 3, 60);
	struct rate_limit pace = { 0 };

	for (int n = 0; n < 3; n++) {
		cr_expect_eq(rate_limit_check(&pace, &access, 10. + n), WITHIN_LIMITS);
		rate_limit_count(&pace, &access, 10. + n);
	}
	cr_expect_eq(rate_limit_check(&pace, &access, 69.9), OVER_TRIGGER);
	cr_expect_eq(rate_limit_check(&pace, &access, 70.1), WITHIN_LIMITS);
	rate_limit_count(&pace, &access, 70.1);
	rate_limit_count(&pace, &access, 70.2);
	cr_expect_eq(rate_limit_check(&pace, &access, 70.3), OVER_CPS);
}

Test(pace, begins_anew_after_a_rest)
{
	struct access_options access = access_of(UNLIMITED, 1, 60);
	struct rate_limit pace = { 0 };

	rate_limit_count(&pace, &access, 5);
	cr_expect_eq(rate_limit_check(&pace, &access, 6), OVER_TRIGGER);
	rate_limit_reset(&pace);
	cr_expect_eq(rate_limit_check(&pace, &access, 6), WITHIN_LIMITS);
}
