/* Thaws an instance: before it is stopped, when it has ended, and when it is needed again. */
#include "engine/instance/thaw.h"

#include "engine/instance/notify_state.h"
#include "engine/instance/relay.h"
#include "engine/instance/watchdog.h"
#include "engine/runtime/runtime.h"

/* An instance that is being stopped by now has another limit. */
static void restore_limits(struct instance *instance, double limit)
{
	if (instance->notice)
		watchdog_resume(instance->notice);
	if (limit > 0 && !instance->facts.stopped && instance->child.pid > 0)
		instance_limit(instance, (int64_t)(limit * 1e6) + 1);
}

static void log_stuck(const struct instance *instance)
{
	static const char what[] = "stands still: its control group can't be told to go on";
	struct event event = {
		.name = "unfrozen", .service = instance->service->name, .pid = instance->pid, .reason = what,
	};

	log_event(instance->engine->log, LEVEL_ERROR, &event, "pid %ld %s", (long)event.pid, what);
}

/* Thaws the processes before anything else. The copies of their sockets may have used up the descriptors, so a spare
 * one is given up where that fails. */
void instance_thaw(struct instance *instance)
{
	struct frozen *frozen = instance->frozen;

	if (!frozen || (!frozen->is_under_way && frozen->since <= 0))
		return;
	if (!freezer_thaw(&frozen->freezer)) {
		engine_drop_spare(instance->engine);
		if (!freezer_thaw(&frozen->freezer))
			log_stuck(instance);
		engine_keep_spare(instance->engine);
	}
	relay_freeze(instance, false);
	freezer_free(&frozen->freezer);
	ev_timer_stop(instance->engine->loop, &frozen->next);
	frozen->is_under_way = false;
	frozen->since = 0;
	restore_limits(instance, frozen->limit);
	runtime_post(instance->context, THAWED);
}
