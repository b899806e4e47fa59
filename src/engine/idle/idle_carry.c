/* Carries the measuring of idle time over an upgrade. No kernel event arrives while one superd becomes the other, so
 * the new superd begins with a count of the connections. */
#include "engine/idle/idle.h"

#include <math.h>

#include "engine/idle/idle_state.h"

/* A frozen backend has no clients, so it stays idle. */
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
