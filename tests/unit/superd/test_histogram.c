/* The histogram of activations. */
#include "superd/values.h"
#include "tests/unit/unit.h"

Test(latency, has_bounds_that_rise)
{
	for (size_t n = 1; n < HISTOGRAM_BUCKETS; n++)
		cr_expect_gt(histogram_bound(n), histogram_bound(n - 1));
}

Test(latency, counts_each_up_to_its_bound)
{
	struct histogram latency = { 0 };

	histogram_add(&latency, histogram_bound(0));
	histogram_add(&latency, histogram_bound(0) + 1e-6);
	histogram_add(&latency, 0);
	cr_expect_eq(latency.buckets[0], 2);
	cr_expect_eq(latency.buckets[1], 1);
	cr_expect_eq(latency.count, 3);
}

Test(latency, counts_what_is_beyond_all_bounds)
{
	struct histogram latency = { 0 };

	histogram_add(&latency, 3600);
	cr_expect_eq(latency.count, 1);
	cr_expect_float_eq(latency.sum, 3600, 1e-9);
	for (size_t n = 0; n < HISTOGRAM_BUCKETS; n++)
		cr_expect_eq(latency.buckets[n], 0);
}

Test(latency, takes_a_clock_that_went_back_for_no_time)
{
	struct histogram latency = { 0 };

	histogram_add(&latency, -5);
	cr_expect_float_eq(latency.sum, 0, 1e-9);
	cr_expect_eq(latency.buckets[0], 1);
}
