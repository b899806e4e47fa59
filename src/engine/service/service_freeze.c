/* Thaws the instance that has the listeners, where no client wants it. In state FROZEN that goes by the table of
 * transitions; before, it is being frozen by an idle_timeout, or for an operator. */
#include "engine/service/service_freeze.h"

#include "engine/freeze/frost.h"
#include "engine/idle/idle.h"
#include "engine/service/keeper.h"

/* An idle_timeout that may be freezing the instance begins anew. */
bool service_thaw(struct keeper *keeper)
{
	if (!frost_is_under_way(keeper) && !frost_is_frozen(keeper))
		return false;
	if (keeper->state == FROZEN) {
		keeper_event(keeper, ENABLE);
		return true;
	}
	idle_forget(keeper);
	frost_thaw(keeper);
	idle_follow(keeper);
	return true;
}

void service_freeze_set_aside(struct keeper *keeper)
{
	struct activity *activity = keeper->activity;
	uint64_t wakes;
	double woken, wakeful;

	if (!frost_set_aside(keeper))
		return;
	if (keeper->state != FROZEN) {
		frost_thaw(keeper);
		return;
	}
	wakes = activity->wakes;
	woken = activity->woken;
	wakeful = activity->wakeful;
	keeper_event(keeper, ENABLE);
	activity->wakes = wakes;
	activity->woken = woken;
	activity->wakeful = wakeful;
}
