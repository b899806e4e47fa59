/* superd/instance/history: changes, wakes. */
#include "superd/values.h"
#include "tests/unit/unit.h"

static struct history history;
static size_t total;

static void begin(void)
{
	history = (struct history){ 0 };
	total = 0;
	history_begin(&history, HISTORY_ASLEEP, 100, &total);
}

static void end(void)
{
	history_free(&history);
	cr_expect_eq(total, 0, "all bytes were counted");
}

TestSuite(history, .init = begin, .fini = end);

static void add_wake(double at, bool thawed, const char *by)
{
	struct history_wake wake = { .at = at, .delay = -1, .thawed = thawed, .slept = (float)(at / 7) };

	snprintf(wake.by, sizeof(wake.by), "%s", by);
	history_add_wake(&history, &wake);
}

Test(history, of_a_service_that_does_nothing_costs_nothing)
{
	size_t before = total;

	history_enter(&history, HISTORY_ASLEEP, 1e6);
	cr_expect_eq(total, before);
}

Test(history, has_each_change)
{
	history_enter(&history, HISTORY_STARTING, 200);
	history_enter(&history, HISTORY_RUNNING, 201.5);
	history_enter(&history, HISTORY_RUNNING, 203);
	cr_assert_eq(history.changes.count, 3);
	cr_expect_eq(history_change(&history, 0)->phase, HISTORY_ASLEEP);
	cr_expect_float_eq(history_change(&history, 0)->at, 100, 1e-9);
	cr_expect_eq(history_change(&history, 2)->phase, HISTORY_RUNNING);
	cr_expect_float_eq(history_change(&history, 2)->at, 201.5, 1e-9);
}

Test(history, drops_the_oldest_and_begins_behind_it)
{
	for (int n = 0; n < 3 * HISTORY_CHANGES; n++)
		history_enter(&history, n % 2 ? HISTORY_ASLEEP : HISTORY_RUNNING, 200 + 100 * n);
	cr_assert_eq(history.changes.count, HISTORY_CHANGES);
	cr_expect_float_eq(history_change(&history, 0)->at, 200 + 100 * 2 * HISTORY_CHANGES, 1e-9);
	for (int n = 0; n < 3 * HISTORY_WAKES; n++)
		add_wake(n, false, "");
	cr_expect_eq(history.wakes.count, HISTORY_WAKES);
	cr_expect_float_eq(history_wake(&history, 0)->at, 2 * HISTORY_WAKES, 1e-9);
}

Test(history, does_not_grow_where_all_have_enough)
{
	total = HISTORY_MOST;
	for (int n = 0; n < 3 * HISTORY_FIRST; n++)
		history_enter(&history, n % 2 ? HISTORY_ASLEEP : HISTORY_RUNNING, 200 + 100 * n);
	cr_expect_eq(history.changes.count, HISTORY_FIRST);
	total -= HISTORY_MOST;
}

Test(history, takes_the_delay_for_the_wake_that_it_belongs_to)
{
	cr_expect_not(history_set_delay(&history, false, 201));
	add_wake(200, false, "");
	cr_expect_not(history_set_delay(&history, true, 201));
	cr_expect(history_set_delay(&history, false, 200.25));
	cr_expect_not(history_set_delay(&history, false, 209));
	add_wake(300, true, "");
	cr_expect_not(history_set_delay(&history, false, 301));
	cr_expect_float_eq(history_wake(&history, 0)->delay, .25, 1e-6);
}
