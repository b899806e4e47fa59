/* The first promise around each thing that an operator does, by itself. A backend that is told to end serves whom it
 * has accepted: what it does with them is its own affair (see disturbing.h; idle stops, freezes and upgrades are
 * in test_noloss_asleep). */
#include "disturbing.h"

static struct world few(const char *program, const char *options)
{
	struct world world = world_of(program, options);

	world.clients = 300;
	world.most = 8;
	return world;
}

Behaviour(each, over_restarts)
{
	struct world world = few(FINISHING, "");

	SEE_NO_LOSS(&world, order_restart);
}

Behaviour(each, over_stops)
{
	struct world world = few(FINISHING, "");

	SEE_NO_LOSS(&world, order_stop);
}

Behaviour(each, over_holds)
{
	struct world world = few(backend("-d 1 few 7"), "");

	SEE_NO_LOSS(&world, order_hold);
}

Behaviour(each, over_drains)
{
	struct world world = few(FINISHING, "");

	SEE_NO_LOSS(&world, order_drain);
}

Behaviour(each, over_changed_rows_that_wait_for_an_end)
{
	struct world world = few(backend("-d 1 few 7"), "on_change = finish");

	SEE_NO_LOSS(&world, order_reload);
}

Behaviour(each, over_changed_rows_that_drain)
{
	struct world world = few(FINISHING, "on_change = drain");

	SEE_NO_LOSS(&world, order_reload);
}

Behaviour(each, over_all_of_it)
{
	struct world world = few(FINISHING, "on_change = drain");

	SEE_NO_LOSS(&world, order_restart, order_stop, order_hold, order_drain, order_reload, order_upgrade);
}
