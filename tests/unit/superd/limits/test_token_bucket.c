/* Token buckets: full at first, empty when used up, and filled again by time alone. */
#include "superd/limits/rate_limit.h"
#include "tests/unit/unit.h"

Test(token_bucket, is_full_at_first)
{
	struct token_bucket bucket = { 0 };

	cr_expect_eq(token_bucket_wait(&bucket, 10., 5., 1000.), 0.);
}

Test(token_bucket, used_up_it_waits_and_time_fills_it)
{
	struct token_bucket bucket = { 0 };
	double wait;

	for (int n = 0; n < 5; n++) {
		cr_expect_eq(token_bucket_wait(&bucket, 10., 5., 1000.), 0.);
		token_bucket_take(&bucket, 10., 5., 1., 1000.);
	}
	wait = token_bucket_wait(&bucket, 10., 5., 1000.);
	cr_expect_gt(wait, 0.);
	cr_expect_eq(token_bucket_wait(&bucket, 10., 5., 1000. + wait + .001), 0.);
}

Test(token_bucket, a_large_amount_is_not_waited_for_without_end)
{
	struct token_bucket bucket = { 0 };

	token_bucket_take(&bucket, 10., 5., 1e9, 1000.);
	cr_expect_leq(token_bucket_wait(&bucket, 10., 5., 1000.), 1.);
}

Test(token_bucket, does_not_save_up_more_than_it_holds)
{
	struct token_bucket bucket = { 0 };

	token_bucket_take(&bucket, 10., 5., 1., 1000.);
	token_bucket_take(&bucket, 10., 5., 6., 2000.);
	cr_expect_gt(token_bucket_wait(&bucket, 10., 5., 2000.), 0.);
}
