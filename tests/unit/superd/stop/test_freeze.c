/* How long who was woken stays awake. */
#include <criterion/criterion.h>

#include "superd/stop/freeze.h"

static double kept_awake(const struct freeze_times *times)
{
	double until = freeze_allowed_from(times);

	return until > 0 ? until - times->last_thaw : 0;
}

Test(freeze, lets_one_that_slept_well_be_frozen_at_any_time)
{
	struct freeze_times times = { 0 };

	cr_expect_eq(freeze_allowed_from(&times), 0);
	freeze_note_sleep(&times, 3600);
	cr_expect_eq(freeze_allowed_from(&times), 0);
	cr_expect_gt(times.last_thaw, 0);
}

Test(freeze, keeps_one_awake_for_longer_after_each_nap)
{
	struct freeze_times times = { 0 };
	double before = 0;

	for (int n = 0; n < 5; n++) {
		freeze_note_sleep(&times, .2);
		cr_expect_gt(kept_awake(&times), before);
		before = kept_awake(&times);
	}
	cr_expect_float_eq(before, 16, .01);
}

Test(freeze, keeps_nobody_awake_for_more_than_five_minutes)
{
	struct freeze_times times = { 0 };

	for (int n = 0; n < 100; n++)
		freeze_note_sleep(&times, .2);
	cr_expect_float_eq(kept_awake(&times), 300, .01);
}

Test(freeze, takes_a_sleep_shorter_than_it_was_kept_awake_for_a_nap)
{
	struct freeze_times times = { 0 };

	for (int n = 0; n < 6; n++)
		freeze_note_sleep(&times, .2);
	freeze_note_sleep(&times, 20);
	cr_expect_float_eq(kept_awake(&times), 64, .01);
}

Test(freeze, forgets_naps_after_a_long_sleep)
{
	struct freeze_times times = { 0 };

	for (int n = 0; n < 6; n++)
		freeze_note_sleep(&times, .2);
	freeze_note_sleep(&times, 40);
	cr_expect_eq(freeze_allowed_from(&times), 0);
}
