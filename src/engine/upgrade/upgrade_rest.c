/* Brings superd to rest before the change. Clients must not notice it, and must not be able to delay it: they wait
 * in the kernel's queues, and nothing new begins. A start that is under way is completed, which takes a moment, or
 * as long as its service may take. A question without an answer is asked again afterwards. */
#include "engine/upgrade/upgrade.h"

#include "engine/accept/advice.h"
#include "engine/core/watch.h"
#include "engine/drain/drain.h"
#include "engine/idle/idle.h"
#include "engine/instance/course.h"
#include "engine/instance/notice.h"
#include "engine/launch/notify.h"
#include "engine/listener/rpc.h"
#include "engine/runtime/roster.h"
#include "engine/service/keeper.h"
#include "engine/service/opening.h"
#include "engine/service/refresh.h"

static void rewatch_all(const struct roster *roster)
{
	for (size_t n = 0; n < roster->count; n++) {
		if (roster->keepers[n])
			keeper_rewatch(roster->keepers[n]);
	}
}

void upgrade_be_quiet(struct upgrade *upgrade)
{
	upgrade->engine->quiet = true;
	rewatch_all(upgrade->engine->roster);
}

/* Serves parked clients first, and does starts that were put off. */
static void wake(struct keeper *keeper)
{
	keeper_rewatch(keeper);
	if (keeper->state == LISTENING)
		keeper_event(keeper, ENABLE);
	if (!keeper->service->exec->accept)
		idle_follow(keeper);
}

void upgrade_be_awake(struct upgrade *upgrade)
{
	struct engine *engine = upgrade->engine;
	const struct roster *roster = engine->roster;

	engine->quiet = false;
	for (size_t n = 0; n < roster->count; n++) {
		if (roster->keepers[n])
			wake(roster->keepers[n]);
	}
	rpc_go_on(engine);
}

void upgrade_be_brief(struct upgrade *upgrade)
{
	struct engine *engine = upgrade->engine;
	const struct roster *roster = engine->roster;

	for (size_t n = 0; n < roster->count; n++) {
		if (roster->keepers[n] && !list_empty(&engine->questions))
			advice_cancel(roster->keepers[n]);
	}
	rpc_set_aside(engine);
}

static bool fail(struct buf *why, const struct keeper *keeper, const char *what)
{
	buf_addf(why, "%s: %s", keeper->service->name, what);
	return false;
}

static bool keeper_is_at_rest(struct keeper *keeper, struct buf *why)
{
	if (!opening_is_at_rest(keeper))
		return fail(why, keeper, "a command around its sockets is being started");
	if (!refresh_is_at_rest(keeper))
		return fail(why, keeper, "a command of exec_reload is being started");
	if (keeper->activity && keeper->activity->first)
		return fail(why, keeper, "whose client it was is being asked");
	if (keeper->activity && notify_is_receiving(keeper->activity->means.notify))
		return fail(why, keeper, "descriptors are being received");
	LIST_EACH(link, keeper_instances(keeper)) {
		const struct instance *instance = container_of(link, struct instance, link);

		if (instance_is_unheard(instance) ||
		    (instance->notice && notify_is_receiving(instance->notice->notify)))
			return fail(why, keeper, "descriptors are being received");
		if (drain_is_counting(instance))
			return fail(why, keeper, "clients are being counted");
		if (instance->course && !course_is_at_rest(instance->course))
			return fail(why, keeper, "its program, or a command beside it, is being started");
	}
	return true;
}

static bool keepers_are_at_rest(struct engine *engine, struct buf *why)
{
	const struct roster *roster = engine->roster;

	for (size_t n = 0; n < roster->count; n++) {
		if (roster->keepers[n] && !keeper_is_at_rest(roster->keepers[n], why))
			return false;
	}
	LIST_EACH(link, &engine->leaving) {
		if (!keeper_is_at_rest(keeper_leaving(link), why))
			return false;
	}
	return true;
}

bool upgrade_is_too_late(const struct upgrade *upgrade)
{
	return upgrade->engine->stop_ordered || upgrade->engine->failed || alarm_is_set(upgrade->failing);
}

/* A reload may take any time, and may be ordered again and again, so the upgrade does not wait for it. */
bool upgrade_may_wait(const struct upgrade *upgrade)
{
	return !upgrade_is_too_late(upgrade) && !upgrade->loader->worker.busy;
}

bool upgrade_is_at_rest(struct upgrade *upgrade, struct buf *why)
{
	struct engine *engine = upgrade->engine;

	if (upgrade_is_too_late(upgrade))
		buf_text(why, "superd is stopping");
	else if (upgrade->loader->worker.busy)
		buf_text(why, "a reload is under way");
	else if (!list_empty(&engine->questions))
		buf_text(why, "clients are being asked about");
	else if (!list_empty(&engine->graced))
		buf_text(why, "clients wait for room");
	else if (rpc_is_busy(engine))
		buf_text(why, "rpcbind is being told");
	else
		keepers_are_at_rest(engine, why);
	return !why->length;
}
