/* Pauses: they double, end at a most, shrink by chance a little, and are forgotten after health. */
#include "lib/lib.h"
#include "tests/unit/unit.h"

#define LEAST 100000
#define MOST 30000000

static void expect_near(double got, double wanted)
{
	cr_expect(got > wanted - 1e-9 && got < wanted + 1e-9, "%f is not %f", got, wanted);
}

Test(backoff, doubles_up_to_the_most)
{
	static const double pauses[] = { 0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 25.6, 30, 30 };
	struct backoff backoff = { 0 };

	for (size_t n = 0; n < sizeof(pauses) / sizeof(*pauses); n++)
		expect_near(backoff_next(&backoff, LEAST, MOST, 0), pauses[n]);
}

Test(backoff, shortens_by_up_to_a_tenth)
{
	struct backoff backoff = { 0 };

	expect_near(backoff_next(&backoff, LEAST, MOST, 0.5), 0.095);
	expect_near(backoff_next(&backoff, LEAST, MOST, 0.5), 0.19);
	backoff_reset(&backoff);
	cr_expect_gt(backoff_next(&backoff, LEAST, MOST, 0.999999), 0.09);
}

Test(backoff, never_waits_longer_than_the_most)
{
	struct backoff backoff = { 0 };

	expect_near(backoff_next(&backoff, MOST, LEAST, 0), 0.1);
	expect_near(backoff_next(&backoff, MOST, LEAST, 0), 0.1);
}

Test(backoff, goes_on_for_years_without_overflow)
{
	struct backoff backoff = { 0 };

	for (int n = 0; n < 100000; n++)
		cr_assert_leq(backoff_next(&backoff, 1, MOST, 0), 30.0);
	expect_near(backoff_next(&backoff, 1, MOST, 0), 30);
	backoff.failures = 200;
	expect_near(backoff_next(&backoff, 1, MOST, 0), 30);
}

Test(backoff, forgives_a_run_longer_than_any_pause)
{
	struct backoff backoff = { .failures = 5 };

	backoff_forgive(&backoff, 29.9, MOST);
	cr_expect_eq(backoff.failures, 5u);
	backoff_forgive(&backoff, 30.1, MOST);
	cr_expect_eq(backoff.failures, 0u);
	expect_near(backoff_next(&backoff, LEAST, MOST, 0), 0.1);
}
