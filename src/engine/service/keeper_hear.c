/* Where services hear of posted events (engine/core/events), one after the other and each to its end, and where those
 * go of which nothing is left. */
#include "config/table/left_out.h"
#include "engine/accept/grace.h"
#include "engine/accept/serve.h"
#include "engine/core/watch.h"
#include "engine/runtime/roster.h"
#include "engine/service/keeper.h"
#include "engine/service/locks.h"
#include "engine/service/opening.h"
#include "engine/service/service_drain.h"

/* A keeper that was on its way out is gone. An entry that is left out may come back. */
static void forget(struct keeper *keeper)
{
	struct engine *engine = keeper->engine;
	const struct table *table = engine->roster->table;
	const char *name = keeper->service->name;

	engine->roster->changes++;      /* who goes through all of them begins anew */
	if (!table_find(table, name) && !left_out_find(table, name))
		locks_drop(engine, name);
	keeper_free(keeper);
}

static void check_over(struct keeper *keeper)
{
	struct engine *engine = keeper->engine;

	keeper_end_drain(keeper);
	watch_wake_changes(engine);     /* an operator may wait for it */
	if (keeper->state != OFF || !keeper_is_empty(keeper) || opening_is_busy(keeper) ||
	    (!keeper->removed && !engine->stopping))
		return;
	engine->gone = true;
	if (keeper->removed)
		forget(keeper);
}

/* false: an event before it has led the service where this one means nothing. */
static bool is_still_possible(const struct keeper *keeper, enum happening happening)
{
	return keeper->state == keeper->posted_in ||
	       transition(keeper->service->exec->accept, keeper->state, happening).action != IMPOSSIBLE;
}

static void hear(struct keeper *keeper, unsigned char event)
{
	switch (event) {
	case LOOK:
		keeper_rewatch(keeper);
		break;
	case DRAIN_DUE:
		drain_due(keeper);
		break;
	case DRAINS:
		drain_retire(keeper);
		break;
	case HANDED:
		serve_handed(keeper);
		break;
	case UNREACHABLE:
		keeper_reopen_unreachable(keeper);
		break;
	default:
		if (is_still_possible(keeper, (enum happening)event))
			keeper_event(keeper, (enum happening)event);
	}
}

void keeper_hear(struct keeper *keeper)
{
	unsigned char event;
	bool any = false;

	for (; events_take(keeper->engine, &keeper->posted, &event); any = true)
		hear(keeper, event);
	if (any)                        /* the loop looks whether it is over */
		keeper_post(keeper, LOOK);
}

static void hear_all(struct engine *engine)
{
	while (engine->posted) {
		struct keeper *keeper = container_of(engine->posted, struct keeper, posted);
		unsigned char event;

		while (events_take(engine, &keeper->posted, &event))
			hear(keeper, event);
		check_over(keeper);
	}
}

void keepers_hear(struct engine *engine)
{
	hear_all(engine);
	while (engine->has_room) {      /* clients that wait for it come after those who had it */
		engine->has_room = false;
		grace_look(engine);
		hear_all(engine);
	}
}
