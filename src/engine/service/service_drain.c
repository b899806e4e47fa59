/* Drains the instance that has the listeners: because its row has changed, because an operator wants it, or because
 * clients wait where it does not look. A frozen instance is thawed for that. An instance that starts has no clients yet
 * that could be told from its successor's, so it drains as soon as it is ready. */
#include "engine/service/service_drain.h"

#include "engine/drain/drain.h"
#include "engine/drain/twins.h"
#include "engine/service/keeper.h"
#include "engine/service/run.h"

void drain_retire(struct keeper *keeper)
{
	run_retire(keeper, false);
	keeper_event(keeper, REPLACED);
	twins_settle(keeper);           /* who was left behind before comes first */
	keeper_event(keeper, ENABLE);
	keeper_post(keeper, UNREACHABLE);
}

bool drain_current(struct keeper *keeper, bool patient)
{
	bool begun = drain_begin(keeper, patient);

	if (begun)
		drain_retire(keeper);
	return begun;
}

static void drain_owed(struct keeper *keeper)
{
	if (keeper->state == FROZEN && twins_are_owed(keeper))
		keeper_event(keeper, ENABLE);
	if (keeper->state != RUNNING || !twins_are_owed(keeper))
		return;
	twins_open(keeper, NULL);
	if (!drain_current(keeper, false))
		keeper_event(keeper, IDLE);     /* it ends when it has taken those it has */
}

static void say_change(const struct keeper *keeper, enum level level, const char *what, const struct buf *why)
{
	struct event event = {
		.name = "draining", .service = keeper->service->name, .pid = keeper->activity->current->pid
	};

	log_event(keeper->engine->log, level, &event, "%s%s%s", what, why->length ? ": " : "", buf_string(why));
}

bool drain_try(struct keeper *keeper, struct buf *why)
{
	bool is_second = drain_is_under_way(keeper);

	twins_open(keeper, why);
	if (drain_current(keeper, true))
		return true;
	if (is_second) {
		buf_clear(why);
		buf_text(why, "an instance of before drains still, and an address has two sockets at most");
	} else if (!why->length) {
		buf_text(why, "out of memory");
	}
	twins_rejoin(keeper);
	return false;
}

static void begin_patiently(struct keeper *keeper)
{
	const char *what = keeper->held ? "it cannot be drained: clients cannot be kept from it"
					: "its new entry goes for the next instance: clients cannot be kept from the "
					  "one that runs";
	struct buf why = { 0 };

	if (!drain_try(keeper, &why))
		say_change(keeper, LEVEL_NOTICE, what, &why);
	buf_free(&why);
}

void drain_when_ready(struct keeper *keeper)
{
	keeper->activity->outdated = keeper->state == STARTING;
}

void drain_changed(struct keeper *keeper)
{
	if (keeper->state == FROZEN)
		keeper_event(keeper, ENABLE);   /* its clients go on, and it can be ended */
	if (keeper->state == STARTING && !keeper->activity->outdated)
		say_change(keeper, LEVEL_INFO, "its entry has changed while it starts: it drains when it is ready",
			   &(struct buf){ 0 });
	drain_when_ready(keeper);
	if (keeper->state == RUNNING)
		begin_patiently(keeper);
}

/* A hold that should last until the drain ends is over if the instance cannot be drained. */
static void drain_outdated(struct keeper *keeper)
{
	bool wanted = keeper->held || keeper->service->groups->lifecycle->on_change == ON_CHANGE_DRAIN;
	bool drains = keeper->activity->outdated && wanted;

	keeper->activity->outdated = false;
	if (!drains)
		return;
	drain_changed(keeper);
	if (!keeper->drains || !keeper->activity->current)
		return;
	keeper->drains = false;
	keeper_hold(keeper, false);
}

void drain_due(struct keeper *keeper)
{
	if (!keeper->activity || !keeper->activity->current)
		return;
	if (keeper->state == RUNNING)
		drain_outdated(keeper);
	drain_owed(keeper);
}
