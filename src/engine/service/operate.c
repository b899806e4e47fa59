/* An operator's orders. An order may come at any moment of a service's life. If it cannot be done yet, as a start
 * while the former instance still ends, the keeper remembers it and does it in its next step. */
#include "engine/service/operate.h"

#include "base/clock.h"
#include "engine/drain/drain.h"
#include "engine/drain/twins.h"
#include "engine/freeze/frost.h"
#include "engine/orphans/orphans.h"
#include "engine/service/locks.h"
#include "engine/service/refresh.h"
#include "engine/service/service_drain.h"
#include "engine/service/service_freeze.h"

static pid_t pid_of(const struct keeper *keeper)
{
	return keeper->activity && keeper->activity->current ? keeper->activity->current->pid : 0;
}

static enum standing refuse(struct buf *says, const char *why)
{
	buf_text(says, why);
	return FAILED;
}

/* How it stands, now that the service has heard of what comes of the order. */
static enum standing look(const struct operation *operation, struct keeper *keeper, struct buf *says)
{
	keeper_hear(keeper);
	return operate_look(operation, keeper, says);
}

static bool has_current(const struct keeper *keeper)
{
	return keeper->state == STARTING || keeper->state == RUNNING || keeper->state == FROZEN;
}

/* The service starts as soon as its state allows. false: out of memory. */
static bool make_due(struct keeper *keeper)
{
	if (!keeper_activity(keeper))
		return false;
	keeper->activity->eager = clock_now();
	keeper->activity->ordered = true;
	return true;
}

static enum standing begin_start(const struct operation *operation, struct keeper *keeper, struct buf *says)
{
	if (keeper->held)
		return refuse(says, "it is held: release it, and clients start it again");
	if (keeper->state == RUNNING) {
		buf_addf(says, "it runs already, pid %ld", (long)pid_of(keeper));
		return DONE;
	}
	if (!keeper->service->exec->accept && !has_current(keeper) && !make_due(keeper))
		return refuse(says, "out of memory");
	keeper->halted = false;
	keeper_event(keeper, ENABLE);
	return look(operation, keeper, says);
}

static enum standing begin_stop(const struct operation *operation, struct keeper *keeper, struct buf *says)
{
	if (keeper->activity) {
		keeper->activity->eager = 0;
		keeper->activity->ordered = false;
	}
	keeper_event(keeper, HALT);
	return look(operation, keeper, says);
}

/* superd starts the service itself: it has no socket, or start = boot. */
static bool starts_by_itself(const struct keeper *keeper)
{
	return !keeper->service->exec->accept &&
	       (!keeper->listener_count || keeper->service->exec->start == START_BOOT);
}

static enum standing begin_restart(const struct operation *operation, struct keeper *keeper, struct buf *says)
{
	bool starts = !keeper->service->exec->accept &&
		      (operation->ran || keeper->state == BACKOFF || starts_by_itself(keeper));

	if (starts && !make_due(keeper))
		return refuse(says, "out of memory");
	if (keeper->activity)           /* earlier failures do not count for the next instance */
		keeper->activity->failed.in_row = 0;
	keeper_event(keeper, HALT);
	keeper->halted = false;
	if (starts && !has_current(keeper) && keeper->state != STOPPING)
		keeper_event(keeper, ENABLE);
	return look(operation, keeper, says);
}

static enum standing begin_hold(const struct operation *operation, struct keeper *keeper, struct buf *says)
{
	keeper->drains = false;
	keeper_hold(keeper, true);
	locks_set(keeper->engine, keeper->service->name, LOCK_HELD, operation->uid);
	if (keeper->state == BINDING) {
		buf_text(says, "held, but ");
		operate_add_unbound(keeper, says);
	} else {
		buf_text(says, "held: its clients queue until it is released");
	}
	if (!keeper_is_empty(keeper) && keeper->state != STOPPING && keeper->state != BINDING)
		buf_text(says, keeper->service->exec->accept ? "; the instances it has run on"
							     : "; the instance it has runs on, and serves");
	operate_add_lasting(keeper, LOCK_HELD, says);
	return DONE;
}

static enum standing begin_release(struct keeper *keeper, struct buf *says)
{
	bool was_held = keeper->held;

	buf_text(says, was_held ? "released" : "it was not held");
	keeper->drains = false;
	if (was_held)
		keeper_hold(keeper, false);
	locks_clear(keeper->engine, keeper->service->name, LOCK_HELD);
	if (keeper->state == BINDING) {
		buf_text(says, "; ");
		operate_add_unbound(keeper, says);
	}
	if (was_held)
		operate_add_lasting(keeper, LOCK_HELD, says);
	return DONE;
}

/* accept = no: whether new clients can be kept from the instance it has. */
static bool can_be_parted(const struct keeper *keeper, struct buf *says)
{
	if (!keeper->listener_count) {
		buf_text(says, "it has no socket, so superd knows of no client to wait for: stop or restart it");
		return false;
	}
	for (size_t n = 0; n < keeper->listener_count; n++) {
		if (!listener_has_socket(&keeper->listeners[n]) || twins_may_have(&keeper->listeners[n]))
			continue;
		buf_text(says, "its instance takes its clients itself, and at a socket of this kind none "
			       "can be kept from it; restart loses none of those who queue");
		return false;
	}
	return true;
}

/* Lets the instance drain, so that new clients do not come to it any more. */
static bool set_apart(struct keeper *keeper, struct buf *says)
{
	struct buf why = { 0 };
	bool good = drain_try(keeper, &why);

	if (!good)
		buf_addf(says, "clients cannot be kept from its instance: %s; restart loses none of those who queue",
			 buf_string(&why));
	buf_free(&why);
	return good;
}

/* A service that was held before stays held when it has drained; keeper->drains means that the drain ends the hold. An
 * instance that is stopping needs no drain. */
static enum standing begin_drain(const struct operation *operation, struct keeper *keeper, struct buf *says)
{
	bool held = keeper->held, drains = keeper->drains;

	if (has_current(keeper) && !can_be_parted(keeper, says))
		return FAILED;
	if (keeper->state == FROZEN)
		keeper_event(keeper, ENABLE);   /* its clients go on, and it can be ended */
	keeper->drains = drains || !held;
	keeper->held = true;
	if (keeper->state == STARTING)
		drain_when_ready(keeper);
	if (keeper->state == RUNNING && !set_apart(keeper, says)) {
		keeper->held = held;
		keeper->drains = drains;
		return FAILED;
	}
	keeper_hold(keeper, true);
	keeper_end_drain(keeper);
	return look(operation, keeper, says);
}

static enum standing begin_freeze(const struct operation *operation, struct keeper *keeper, struct buf *says)
{
	if (keeper->state == FROZEN) {
		buf_text(says, "it is frozen already");
		return DONE;
	}
	if (keeper->service->exec->accept)
		return refuse(says, "each of its clients has an instance of its own, and those are not frozen");
	return frost_hold(keeper, says) ? look(operation, keeper, says) : FAILED;
}

static enum standing begin_thaw(struct keeper *keeper, struct buf *says)
{
	buf_text(says, service_thaw(keeper) ? "thawed" : "it was not frozen");
	return DONE;
}

static enum standing begin_enable(const struct operation *operation, struct keeper *keeper, struct buf *says)
{
	if (!keeper->disabled) {
		buf_text(says, "it is enabled already");
		return DONE;
	}
	keeper->disabled = false;
	locks_clear(keeper->engine, keeper->service->name, LOCK_DISABLED);
	keeper_event(keeper, ENABLE);
	return look(operation, keeper, says);
}

static enum standing begin_disable(const struct operation *operation, struct keeper *keeper, struct buf *says)
{
	if (keeper->disabled && keeper->state == OFF) {
		buf_text(says, "it is disabled already");
		return DONE;
	}
	keeper->disabled = true;
	locks_set(keeper->engine, keeper->service->name, LOCK_DISABLED, operation->uid);
	keeper_event(keeper, DISABLE);
	return look(operation, keeper, says);
}

static enum standing begin_evict(const struct operation *operation, struct keeper *keeper, struct buf *says)
{
	struct buf why = { 0 };
	unsigned count = orphans_evict(keeper, &why);

	if (!count)
		buf_text(says, buf_string(&why));
	buf_free(&why);
	return count ? look(operation, keeper, says) : FAILED;
}

static bool goes_for_disabled(enum deed deed)
{
	return deed == DEED_ENABLE || deed == DEED_DISABLE || deed == DEED_STOP || deed == DEED_RELEASE ||
	       deed == DEED_REFRESH;
}

enum standing operate_begin(struct operation *operation, struct keeper *keeper, enum deed deed, uid_t uid,
			    struct buf *says)
{
	*operation = (struct operation){
		.deed = deed, .uid = uid, .asked = clock_now(),
		.ran = !keeper_is_empty(keeper),
	};
	if (keeper->activity) {
		operation->activations = keeper->activity->activations;
		operation->killed = keeper->activity->killed;
		operation->parted = keeper->activity->parted;
	}
	if (keeper->engine->stopping)
		return refuse(says, "superd is stopping");
	if (keeper->removed && deed != DEED_STOP)
		return refuse(says, "a reload has removed it: stop ends what runs on; it is back when its entry is, "
				    "and a reload has read that");
	if (keeper->disabled && !goes_for_disabled(deed))
		return refuse(says, "it is disabled: enable it first");
	switch (deed) {
	case DEED_START:
		return begin_start(operation, keeper, says);
	case DEED_STOP:
		return begin_stop(operation, keeper, says);
	case DEED_RESTART:
		return begin_restart(operation, keeper, says);
	case DEED_HOLD:
		return begin_hold(operation, keeper, says);
	case DEED_RELEASE:
		return begin_release(keeper, says);
	case DEED_DRAIN:
		return begin_drain(operation, keeper, says);
	case DEED_ENABLE:
		return begin_enable(operation, keeper, says);
	case DEED_DISABLE:
		return begin_disable(operation, keeper, says);
	case DEED_REFRESH:
		return refresh_begin(keeper, says);
	case DEED_EVICT:
		return begin_evict(operation, keeper, says);
	case DEED_FREEZE:
		return begin_freeze(operation, keeper, says);
	case DEED_THAW:
		return begin_thaw(keeper, says);
	case DEEDS:
		break;
	}
	return refuse(says, "nobody knows what that is");
}
