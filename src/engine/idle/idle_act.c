/* Applies idle_action to a backend without clients. A client may come at the last moment, so superd freezes the
 * processes first, counts the clients once more, and only then stops the backend or leaves it frozen. */
#include "engine/idle/idle.h"

#include "engine/drain/drain.h"
#include "engine/freeze/frost.h"
#include "engine/idle/idle_say.h"
#include "engine/idle/idle_state.h"

#define MOST_AT_ONCE 32                 /* backends that are let go at the same time, of all services; others wait */
#define LATER 0.05                      /* seconds */
#define DRAINING 4                      /* looks in an idle_timeout while another instance serves earlier clients */

static void report(struct idle *idle)
{
	if (!idle->reported)
		idle_say(idle->keeper, LEVEL_NOTICE, "would stop", idle->since);
	idle->reported = true;
	idle_wait_for_departure(idle, REPORTED);
}

/* If the processes cannot be frozen, idle_action = stop counts while they run. */
static void on_settled(struct keeper *keeper, bool frozen)
{
	struct idle *idle = keeper->activity->idle;

	if (!idle || idle->phase != FREEZING)
		return;
	if (frozen || idle_life(idle)->idle_action == IDLE_STOP) {
		idle_enter(idle, CHECKING);
		idle_ask(idle);
	} else {
		idle_begin(idle);
	}
}

/* No client was connected for long enough. A backend that cannot be frozen now, because it reads its configuration,
 * counts as busy. */
void idle_act(struct idle *idle)
{
	if (idle_life(idle)->idle_action == IDLE_REPORT) {
		report(idle);
		return;
	}
	if (idle_life(idle)->idle_action == IDLE_STOP && drain_is_under_way(idle->keeper)) {
		idle_enter(idle, CALM);
		idle_start_timer(idle, idle->timeout / DRAINING);
		return;
	}
	idle->postponed = idle->keeper->engine->letting_go >= MOST_AT_ONCE;
	if (idle->postponed) {
		idle_wake_in(idle, LATER);
		return;
	}
	idle_enter(idle, FREEZING);
	if (!frost_begin(idle->keeper, on_settled))
		idle_begin(idle);
}

void idle_go_on(struct idle *idle)
{
	struct event event = {
		.name = "idle", .service = idle->keeper->service->name, .pid = idle->keeper->activity->current->pid
	};

	frost_thaw(idle->keeper);
	log_event(idle->keeper->engine->log, LEVEL_INFO, &event,
		  "pid %ld goes on: somebody came at the last moment", (long)event.pid);
	idle->since = 0;
	idle_wait_for_departure(idle, USED);
}

/* Sends STILLED or IDLE to the keeper; either frees this struct idle. */
void idle_let_go(struct idle *idle)
{
	struct keeper *keeper = idle->keeper;

	if (idle_life(idle)->idle_action == IDLE_FREEZE) {
		keeper->activity->unused = idle->since;
		keeper_event(keeper, STILLED);
		return;
	}
	if (drain_is_under_way(keeper)) {       /* its clients could not be told from those that come now */
		frost_thaw(keeper);
		idle_begin(idle);
		return;
	}
	idle_say(keeper, LEVEL_INFO, "stopping", idle->since);
	keeper->activity->idle_stops++;
	keeper_event(keeper, IDLE);
}
