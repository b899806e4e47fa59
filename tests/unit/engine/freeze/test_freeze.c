/* How long who was woken stays awake. */
#include <criterion/criterion.h>

#include "engine/freeze/freeze.h"

static double kept_awake(const struct activity *activity)
{
	double until = freeze_rested(activity);

	return until > 0 ? until - activity->woken : 0;
}

Test(freeze, lets_one_that_slept_well_be_frozen_at_any_time)
{
	struct activity activity = { 0 };

	cr_expect_eq(freeze_rested(&activity), 0);
	freeze_note_sleep(&activity, 3600);
	cr_expect_eq(freeze_rested(&activity), 0);
	cr_expect_gt(activity.woken, 0);
}

Test(freeze, keeps_one_awake_for_longer_after_each_nap)
{
	struct activity activity = { 0 };
	double before = 0;

	for (int n = 0; n < 5; n++) {
		freeze_note_sleep(&activity, .2);
		cr_expect_gt(kept_awake(&activity), before);
		before = kept_awake(&activity);
	}
	cr_expect_float_eq(before, 16, .01);
}

Test(freeze, keeps_nobody_awake_for_more_than_five_minutes)
{
	struct activity activity = { 0 };

	for (int n = 0; n < 100; n++)
		freeze_note_sleep(&activity, .2);
	cr_expect_float_eq(kept_awake(&activity), 300, .01);
}

Test(freeze, takes_a_sleep_shorter_than_it_was_kept_awake_for_a_nap)
{
	struct activity activity = { 0 };

	for (int n = 0; n < 6; n++)
		freeze_note_sleep(&activity, .2);
	freeze_note_sleep(&activity, 20);
	cr_expect_float_eq(kept_awake(&activity), 64, .01);
}

Test(freeze, forgets_naps_after_a_long_sleep)
{
	struct activity activity = { 0 };

	for (int n = 0; n < 6; n++)
		freeze_note_sleep(&activity, .2);
	freeze_note_sleep(&activity, 40);
	cr_expect_eq(freeze_rested(&activity), 0);
}
