/* A look whether a backend is idle, over an upgrade. The hard thing is what is heard of
 * while one superd becomes the other, which is nothing: so it goes on with a count, never with what was known. */
#include "engine/idle/idle.h"

#include <math.h>

#include "engine/idle/idle_state.h"

/* One that sleeps has nobody. */
static void remain_asleep(const struct keeper *keeper, struct idle_left *left)
{
	double timeout = (double)keeper->service->terms->life->idle_timeout / 1e6;
	const struct activity *activity = keeper->activity;

	*left = (struct idle_left){ .is_there = true, .since = activity->unused };
	if (left->since <= 0)
		left->since = fmax(activity->frozen - timeout, activity->last_start);
}

void idle_remains(const struct keeper *keeper, struct idle_left *left)
{
	const struct activity *activity = keeper->activity;
	struct idle *idle = activity ? activity->idle : NULL;
	bool is_told;

	*left = activity ? activity->idle_left : (struct idle_left){ 0 };
	if (!idle && activity && activity->frozen > 0 && !keeper->freezes && service_idles(keeper->service))
		remain_asleep(keeper, left);
	if (!idle)
		return;
	is_told = !ev_is_active(&idle->timer) && !ev_is_pending(&idle->timer);
	*left = (struct idle_left){
		.is_there = true,
		.reported = idle->reported,
		.since = idle->since,
		.left = idle->phase == USED || idle->deaf ? 0 : idle->left,
		.wait = is_told ? 0 : fmax(ev_timer_remaining(keeper->engine->loop, &idle->timer), 0),
	};
}
