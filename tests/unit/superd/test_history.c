/* superd/instance/history: changes, wakes, bars. */
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

static const char *bar_of(const struct history *of, double from, double until, size_t cells)
{
	static struct history_bar bar;

	bar = (struct history_bar){ .from = from, .until = until, .now = until, .cells = cells };
	history_draw(of, HISTORY_ASLEEP, 100, &bar);
	return bar.text;
}

Test(history, of_a_service_that_does_nothing_costs_nothing)
{
	size_t before = total;

	history_enter(&history, HISTORY_ASLEEP, 1e6);
	cr_expect_eq(total, before);
	cr_expect_str_eq(bar_of(&history, 0, 200, 4), "  ..");
	cr_expect_str_eq(bar_of(NULL, 0, 200, 4), "  ..");
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

/* A port that was taken for a second, say. */
Test(history, a_short_failure_is_marked_in_its_cell)
{
	struct history_bar bar = { .from = 200, .until = 600, .now = 600, .cells = 4 };

	history_enter(&history, HISTORY_FAILED, 310);
	history_enter(&history, HISTORY_ASLEEP, 311);
	history_enter(&history, HISTORY_FAILED, 470);
	history_enter(&history, HISTORY_ASLEEP, 524);
	history_draw(&history, HISTORY_ASLEEP, 100, &bar);
	cr_expect_str_eq(bar.text, "..!.");
	cr_expect(!bar.faults[0] && bar.faults[1] && !bar.faults[2] && bar.faults[3]);
	bar = (struct history_bar){ .from = 500, .until = 700, .now = 530, .cells = 2 };
	history_draw(&history, HISTORY_ASLEEP, 100, &bar);
	cr_expect_str_eq(bar.text, "! ", "a quarter of what is known of the cell");
}

Test(history, draws_what_took_most_of_a_cell)
{
	struct history_bar bar;

	history_enter(&history, HISTORY_RUNNING, 200);
	history_enter(&history, HISTORY_ASLEEP, 201);
	history_enter(&history, HISTORY_RUNNING, 300);
	history_enter(&history, HISTORY_FAILED, 400);
	history_enter(&history, HISTORY_RUNNING, 400.001);
	history_enter(&history, HISTORY_FROZEN, 500);
	history_enter(&history, HISTORY_PAUSED, 600);
	history_enter(&history, HISTORY_OFF, 700);
	history_enter(&history, HISTORY_STARTING, 800);
	cr_expect_str_eq(bar_of(&history, 0, 900, 9), " .:##~=->");
	cr_expect_str_eq(bar_of(&history, 100, 200, 1), ".");
	cr_expect_str_eq(bar_of(&history, 850, 1050, 3), ">>>");
	bar = (struct history_bar){ .from = 750, .until = 950, .now = 901, .cells = 4 };
	history_draw(&history, HISTORY_STARTING, 0, &bar);
	cr_expect_str_eq(bar.text, "->>>");
	bar.now = 890;
	history_draw(&history, HISTORY_STARTING, 0, &bar);
	cr_expect_str_eq(bar.text, "->> ");
	cr_expect_eq(strlen(bar_of(&history, 0.1, 86400.3, HISTORY_CELLS)), HISTORY_CELLS);
}

Test(history, drops_the_oldest_and_begins_behind_it)
{
	for (int n = 0; n < 3 * HISTORY_CHANGES; n++)
		history_enter(&history, n % 2 ? HISTORY_ASLEEP : HISTORY_RUNNING, 200 + 100 * n);
	cr_assert_eq(history.changes.count, HISTORY_CHANGES);
	cr_expect_float_eq(history_change(&history, 0)->at, 200 + 100 * 2 * HISTORY_CHANGES, 1e-9);
	cr_expect_str_eq(bar_of(&history, 0, 200 + 100 * HISTORY_CHANGES, 4), "    ", "it is not known any more");
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
