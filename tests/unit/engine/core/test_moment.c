/* The minute of the day, where the clock and the zone are the test's. */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "engine/core/moment.h"

#define MIDNIGHT 1767225600. /* 2026-01-01 00:00:00 UTC */

static void set_zone(const char *zone)
{
	cr_assert_eq(setenv("TZ", zone, 1), 0);
	tzset();
}

Test(moment, knows_the_minute_by_local_time)
{
	struct moment moment = { 0 };

	set_zone("UTC0");
	cr_expect_eq(moment_minute(&moment, MIDNIGHT), 0u);
	cr_expect_eq(moment_minute(&moment, MIDNIGHT + 59.9), 0u);
	cr_expect_eq(moment_minute(&moment, MIDNIGHT + 60), 1u);
	cr_expect_eq(moment_minute(&moment, MIDNIGHT - 1), 1439u, "the clock was set back");
	cr_expect_eq(moment_minute(&moment, MIDNIGHT + 86400 + 3600), 60u);
}

Test(moment, hears_of_another_zone_within_a_minute)
{
	struct moment moment = { 0 };

	set_zone("UTC0");
	cr_expect_eq(moment_minute(&moment, MIDNIGHT), 0u);
	set_zone("TST-05:30");
	cr_expect_eq(moment_minute(&moment, MIDNIGHT + 60), 331u);
}

Test(moment, says_how_long_it_is_to_a_minute)
{
	struct moment moment = { 0 };

	set_zone("UTC0");
	cr_expect_eq(moment_seconds_to(&moment, MIDNIGHT + 30, 1), 30.);
	cr_expect_eq(moment_seconds_to(&moment, MIDNIGHT + 30, 2), 90.);
	cr_expect_eq(moment_seconds_to(&moment, MIDNIGHT + 3600, 0), 23 * 3600.);
	cr_expect_eq(moment_seconds_to(&moment, MIDNIGHT + 30, 0), 86400. - 30, "that of tomorrow");
}

Test(moment, looks_the_load_up_once_a_second)
{
	struct moment moment = { 0 };

	cr_expect_geq(moment_load(&moment, 100), 0);
	moment.load = 123456789;
	cr_expect_eq(moment_load(&moment, 100.9), 123456789);
	cr_expect_neq(moment_load(&moment, 101.1), 123456789);
}
