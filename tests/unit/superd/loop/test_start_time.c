/* Starts of a turn of the loop, and how many more it has time for. */
#include <ev.h>

#include "superd/loop/unreaped.h"
#include "tests/unit/unit.h"

#define MOST 16

static void turn(struct ev_loop *loop)
{
	ev_run(loop, EVRUN_NOWAIT);
}

Test(start_time, has_room_for_all_before_the_first_start)
{
	struct ev_loop *loop = ev_loop_new(0);
	struct start_time times = { 0 };

	cr_assert_eq(start_time_room(&times, loop, .002, MOST), (size_t)MOST);
	start_time_add(&times, loop, 0, .1);
	cr_assert_eq(start_time_room(&times, loop, .002, MOST), (size_t)MOST, "no start is none");
	ev_loop_destroy(loop);
}

Test(start_time, takes_what_a_turn_has_spent_from_its_time)
{
	struct ev_loop *loop = ev_loop_new(0);
	struct start_time times = { 0 };

	turn(loop);
	start_time_add(&times, loop, 4, .001);
	cr_assert_eq(start_time_room(&times, loop, .00201, MOST), 4);
	start_time_add(&times, loop, 4, .001);
	cr_assert_eq(start_time_room(&times, loop, .002, MOST), 0);
	cr_assert_eq(start_time_room(&times, loop, .00301, MOST), 4, "another limit of the same turn");
	cr_assert_eq(start_time_room(&times, loop, .1, MOST), (size_t)MOST);
	turn(loop);
	cr_assert_eq(start_time_room(&times, loop, .00201, MOST), 8);
	ev_loop_destroy(loop);
}

Test(start_time, learns_what_a_start_takes)
{
	struct ev_loop *loop = ev_loop_new(0);
	struct start_time times = { 0 };

	start_time_add(&times, loop, 1, .1);
	turn(loop);
	cr_assert_eq(start_time_room(&times, loop, .002, MOST), 0);
	for (int n = 0; n < 100; n++)
		start_time_add(&times, loop, 10, .001);
	turn(loop);
	cr_assert_eq(start_time_room(&times, loop, .002, MOST), (size_t)MOST);
	ev_loop_destroy(loop);
}
