/* The minute of the day, where the clock and the zone are the test's. */
#include "superd/loop/time_cache.h"
#include "tests/unit/unit.h"

#define MIDNIGHT 1767225600. /* 2026-01-01 00:00:00 UTC */

static void set_zone(const char *zone)
{
	cr_assert_eq(setenv("TZ", zone, 1), 0);
	tzset();
}

Test(time_cache, knows_the_minute_by_local_time)
{
	struct time_cache time_cache = { 0 };

	set_zone("UTC0");
	cr_expect_eq(time_cache_minute(&time_cache, MIDNIGHT), 0u);
	cr_expect_eq(time_cache_minute(&time_cache, MIDNIGHT + 59.9), 0u);
	cr_expect_eq(time_cache_minute(&time_cache, MIDNIGHT + 60), 1u);
	cr_expect_eq(time_cache_minute(&time_cache, MIDNIGHT - 1), 1439u, "the clock was set back");
	cr_expect_eq(time_cache_minute(&time_cache, MIDNIGHT + 86400 + 3600), 60u);
}

Test(time_cache, hears_of_another_zone_within_a_minute)
{
	struct time_cache time_cache = { 0 };

	set_zone("UTC0");
	cr_expect_eq(time_cache_minute(&time_cache, MIDNIGHT), 0u);
	set_zone("TST-05:30");
	cr_expect_eq(time_cache_minute(&time_cache, MIDNIGHT + 60), 331u);
}

Test(time_cache, says_how_long_it_is_to_a_minute)
{
	struct time_cache time_cache = { 0 };

	set_zone("UTC0");
	cr_expect_eq(time_cache_seconds_to(&time_cache, MIDNIGHT + 30, 1), 30.);
	cr_expect_eq(time_cache_seconds_to(&time_cache, MIDNIGHT + 30, 2), 90.);
	cr_expect_eq(time_cache_seconds_to(&time_cache, MIDNIGHT + 3600, 0), 23 * 3600.);
	cr_expect_eq(time_cache_seconds_to(&time_cache, MIDNIGHT + 30, 0), 86400. - 30, "that of tomorrow");
}

Test(time_cache, looks_the_load_up_once_a_second)
{
	struct time_cache time_cache = { 0 };

	cr_expect_geq(time_cache_load(&time_cache, 100), 0);
	time_cache.load = 123456789;
	cr_expect_eq(time_cache_load(&time_cache, 100.9), 123456789);
	cr_expect_neq(time_cache_load(&time_cache, 101.1), 123456789);
}
