/* The first promise while superd itself lays hands on what serves: idle stops, freezes and upgrades, each by
 * itself, and then all there is together and at random (see disturbing.h). */
#include "disturbing.h"

Behaviour(asleep, over_idle_stops_of_the_careful)
{
	struct world world = world_of(backend("serve"), idling("stop"));

	SEE_NO_LOSS(&world, do_nothing);
}

Behaviour(asleep, over_freezes)
{
	struct world world = world_of(backend("serve"), idling("freeze"));

	SEE_NO_LOSS(&world, do_nothing, order_freeze);
}

Behaviour(asleep, over_upgrades)
{
	struct world world = world_of(backend("-d 2 churn 0"), "");

	SEE_NO_LOSS(&world, upgrade_by_signal);
}

Behaviour(asleep, over_upgrades_while_backends_are_let_go)
{
	struct world world = world_of(FINISHING, idling("stop"));

	SEE_NO_LOSS(&world, upgrade_by_signal, do_nothing);
}

Behaviour(asleep, over_everything_with_idle_stops)
{
	struct world world = world_of(FINISHING, idling("stop"));

	SEE_NO_LOSS(&world, EVERYTHING);
}

Behaviour(asleep, over_everything_with_freezes)
{
	struct world world = world_of(FINISHING, idling("freeze"));

	SEE_NO_LOSS(&world, EVERYTHING);
}
