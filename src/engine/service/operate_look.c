/* Reports how far an order is. By then clients may have started again what was stopped, and an instance that was
 * started may have ended, which is no failure. */
#include "engine/service/operate.h"

#include "base/duration_text.h"
#include "base/scan.h"
#include "engine/freeze/frost.h"
#include "engine/orphans/orphan_end.h"
#include "engine/service/locks.h"
#include "engine/service/opening.h"
#include "engine/service/refresh.h"

static const char *reason_of(const struct keeper *keeper)
{
	return keeper->activity && *keeper->activity->reason ? keeper->activity->reason : "out of memory";
}

static enum standing fail_for_reason(const struct keeper *keeper, struct buf *says)
{
	buf_text(says, reason_of(keeper));
	return FAILED;
}

void operate_add_lasting(const struct keeper *keeper, enum lock_kind kind, struct buf *says)
{
	const struct locks *locks = keeper->engine->locks;
	const struct lock *lock = locks_find(locks, keeper->service->name);
	struct buf why = { 0 };

	/* Without a file there is nothing that could bring back what has ended. */
	if (!locks_outlive(keeper->engine, &why) && ((lock && lock->orders[kind].since) || locks->path))
		buf_addf(says, "; this ends with superd: %s", buf_string(&why));
	buf_free(&why);
}

bool operate_add_unbound(const struct keeper *keeper, struct buf *says)
{
	bool any = false;

	if (keeper->state != BINDING)
		return false;
	if (opening_is_busy(keeper)) {
		buf_text(says, "its sockets are not open yet");
		return true;
	}
	for (size_t n = 0; n < keeper->listener_count && !any; n++)
		any = listener_is_open(&keeper->listeners[n]);
	buf_addf(says, "%s: %s; superd tries again", any ? "not all of its sockets are open" : "it does not listen",
		 reason_of(keeper));
	return true;
}

static bool has_started(const struct operation *operation, const struct keeper *keeper)
{
	return keeper->activity && keeper->activity->activations > operation->activations;
}

static enum standing tell_ended(const struct keeper *keeper, struct buf *says)
{
	char text[48];

	status_describe(keeper->activity->last_status, text);
	buf_addf(says, "it was started, and has ended: %s", text);
	return DONE;
}

/* Whether the instance that was ordered runs. */
static enum standing look_for_start(const struct operation *operation, struct keeper *keeper, struct buf *says)
{
	switch ((enum state)keeper->state) {
	case RUNNING:
	case FROZEN:
		buf_addf(says, has_started(operation, keeper) ? "started, pid %ld" : "it goes on, pid %ld",
			 (long)keeper->activity->current->pid);
		return DONE;
	case STARTING:
	case STOPPING:
		return UNDER_WAY;
	case BINDING:
		if (opening_is_busy(keeper))
			return UNDER_WAY;
		return fail_for_reason(keeper, says);
	case BACKOFF:
		return fail_for_reason(keeper, says);
	case LISTENING:
	case HELD:
	case FULL:
	case OFF:
	case CLOSING:
	case STATES:
		break;
	}
	if (has_started(operation, keeper))
		return tell_ended(keeper, says);
	if (keeper->state == LISTENING && keeper->activity && keeper->activity->eager > 0)
		return UNDER_WAY;
	buf_addf(says, "it was not started: it is %s", state_name(keeper->state));
	return FAILED;
}

static enum standing look_at_start(const struct operation *operation, struct keeper *keeper, struct buf *says)
{
	if (!keeper->service->exec->accept)
		return look_for_start(operation, keeper, says);
	if (keeper->state == BINDING && opening_is_busy(keeper))
		return UNDER_WAY;
	if (keeper->state == BINDING || keeper->state == BACKOFF)
		return fail_for_reason(keeper, says);
	buf_text(says, "it listens: each client starts an instance of its own");
	return DONE;
}

/* Returns how many instances from before the order live, and one of them. */
static unsigned count_old_ones(const struct operation *operation, struct keeper *keeper, struct instance **one)
{
	unsigned count = 0;

	LIST_EACH(link, keeper_instances(keeper)) {
		struct instance *instance = container_of(link, struct instance, link);

		if (instance->since > operation->asked)
			continue;
		count++;
		*one = instance;
	}
	return count;
}

static bool old_ones_live(const struct operation *operation, struct keeper *keeper)
{
	struct instance *one;

	return count_old_ones(operation, keeper, &one);
}

static void add_nothing_runs(const struct keeper *keeper, struct buf *says)
{
	buf_text(says, "nothing of it runs; ");
	operate_add_unbound(keeper, says);
}

static enum standing look_at_stop(const struct operation *operation, struct keeper *keeper, struct buf *says)
{
	if (old_ones_live(operation, keeper))
		return UNDER_WAY;
	if (!keeper_is_empty(keeper))
		buf_text(says, "stopped; clients have started it again");
	else if (keeper->state == OFF)
		buf_text(says, "stopped");
	else if (keeper->state == BINDING)
		add_nothing_runs(keeper, says);
	else if (keeper->held)
		buf_text(says, "stopped; it is held, so nothing starts it");
	else if (keeper->state == BACKOFF)
		buf_text(says, "nothing of it runs; after its pause it tries again");
	else
		buf_text(says, keeper->listener_count ? "stopped; it listens, and the next client starts it again"
						      : "stopped, until it is started again");
	return DONE;
}

static enum standing look_at_restart(const struct operation *operation, struct keeper *keeper, struct buf *says)
{
	bool accepts = keeper->service->exec->accept;

	if (old_ones_live(operation, keeper))
		return UNDER_WAY;
	if (!accepts && !keeper->held &&
	    (has_started(operation, keeper) || keeper->state == STARTING ||
	     (keeper->activity && keeper->activity->eager > 0)))
		return look_for_start(operation, keeper, says);
	if (keeper->state == BINDING && opening_is_busy(keeper))
		return UNDER_WAY;
	if (operate_add_unbound(keeper, says))
		return FAILED;
	if (keeper->held)
		buf_text(says, "stopped; it is held, and starts when it is released");
	else if (accepts)
		buf_text(says, "its instances have ended; each client starts one of its own");
	else if (keeper->state == BACKOFF)
		return fail_for_reason(keeper, says);
	else
		buf_text(says, "it did not run: the next client starts it");
	return DONE;
}

static bool has_retired(struct keeper *keeper)
{
	LIST_EACH(link, keeper_instances(keeper)) {
		if (container_of(link, struct instance, link)->retired)
			return true;
	}
	return false;
}

static enum standing look_at_drain(const struct operation *operation, struct keeper *keeper, struct buf *says)
{
	if (keeper->state == RUNNING && keeper->activity->current->since <= operation->asked) {
		buf_text(says, "clients cannot be kept from its instance, which runs on; the log says why");
		return FAILED;
	}
	if (keeper->drains || (keeper->held && old_ones_live(operation, keeper) && !keeper_has_drained(keeper)))
		return UNDER_WAY;
	if (keeper->state == BINDING)
		add_nothing_runs(keeper, says);
	else
		buf_text(says, keeper->held ? "drained; it is held, so its clients queue"
					    : "drained: its clients are served again");
	if (!keeper->service->exec->accept && has_retired(keeper))
		buf_text(says, "; an instance from before a reload runs on: stop or restart ends it");
	return DONE;
}

static enum standing look_at_freeze(const struct operation *operation, struct keeper *keeper, struct buf *says)
{
	(void)operation;
	if (frost_is_under_way(keeper))
		return UNDER_WAY;
	if (keeper->state == FROZEN) {
		buf_text(says, "frozen, until it is thawed or a client comes");
		return DONE;
	}
	buf_text(says, "it could not be frozen, or has gone on already; the log says why");
	return FAILED;
}

/* An instance that ends with the service has not ended yet. */
static bool still_has_its_sockets(struct keeper *keeper)
{
	return !keeper->service->exec->accept && !keeper_is_empty(keeper);
}

static enum standing look_at_enable(const struct operation *operation, struct keeper *keeper, struct buf *says)
{
	(void)operation;
	if (keeper->disabled) {
		buf_text(says, "somebody has disabled it meanwhile");
		return FAILED;
	}
	if (keeper->state == CLOSING || keeper->state == STOPPING)
		return UNDER_WAY;
	if (keeper->state == BINDING &&
	    (opening_is_busy(keeper) || still_has_its_sockets(keeper)))
		return UNDER_WAY;
	if (keeper->state == BINDING)
		return fail_for_reason(keeper, says);
	buf_text(says, keeper->held ? "enabled, and held" : "enabled");
	operate_add_lasting(keeper, LOCK_DISABLED, says);
	return DONE;
}

static enum standing look_at_disable(const struct operation *operation, struct keeper *keeper, struct buf *says)
{
	(void)operation;
	if (!keeper->disabled) {
		buf_text(says, "somebody has enabled it meanwhile");
		return FAILED;
	}
	if (keeper->state == CLOSING || opening_is_busy(keeper) || still_has_its_sockets(keeper))
		return UNDER_WAY;
	buf_text(says, "disabled: its sockets are closed until it is enabled");
	if (!keeper_is_empty(keeper))
		buf_text(says, "; the instances it has run on (on_remove)");
	operate_add_lasting(keeper, LOCK_DISABLED, says);
	return DONE;
}

static enum standing look_at_refresh(const struct operation *operation, struct keeper *keeper, struct buf *says)
{
	(void)operation;
	return refresh_look(keeper, says);
}

static enum standing look_at_evict(const struct operation *operation, struct keeper *keeper, struct buf *says)
{
	(void)operation;
	if (orphans_are_ending(keeper))
		return UNDER_WAY;
	if (keeper->state == BINDING && opening_is_busy(keeper))
		return UNDER_WAY;
	if (keeper->state == BINDING)
		return fail_for_reason(keeper, says);
	buf_text(says, "evicted: its addresses are superd's again");
	return DONE;
}

/* Adds how many instances were killed, and how many clients lost, because they took too long. */
static void add_cost(const struct operation *operation, const struct keeper *keeper, struct buf *says)
{
	const struct activity *activity = keeper->activity;
	unsigned long killed = activity ? activity->killed - operation->killed : 0;
	unsigned long parted = activity ? activity->parted - operation->parted : 0;

	if (parted)
		buf_addf(says, "; %lu client%s had not left the instance that was stopped", parted,
			 parted == 1 ? "" : "s");
	if (killed)
		buf_addf(says, "; %lu instance%s had not ended by timeout_stop and %s killed", killed,
			 killed == 1 ? "" : "s", killed == 1 ? "was" : "were");
}

/* Continues "pid 12 has not ended". */
static void add_limit(struct instance *instance, struct buf *says)
{
	const struct lifecycle_options *lifecycle = instance->service->groups->lifecycle;
	char span[DURATION_MOST];

	if (instance->doomed)
		buf_text(says, "; it was killed, and the kernel has not let it go yet");
	else if (!instance->stopping)
		buf_text(says, ": it may serve its clients first, for 2 s in which none leaves");
	else if (ev_is_active(&instance->timer))
		buf_addf(says, "; in %s %s",
			 duration_write(span, ev_timer_remaining(instance->engine->loop, &instance->timer)),
			 lifecycle->kill_mode == KILL_NONE ? "it is left to itself" : "it is killed");
	else if (lifecycle->timeout_stop == SCAN_INFINITY)
		buf_text(says, "; timeout_stop = infinity lets it take any time");
}

void operate_add_wait(const struct operation *operation, struct keeper *keeper, struct buf *says)
{
	struct instance *one = NULL;
	unsigned count = count_old_ones(operation, keeper, &one);
	bool drains = operation->deed == DEED_DRAIN;

	if (!count || operation->deed == DEED_FREEZE || operation->deed == DEED_REFRESH) {
		buf_addf(says, "it is %s", keeper_state_name(keeper));
		return;
	}
	buf_addf(says, "pid %ld", (long)one->pid);
	if (one->peer && *one->peer)
		buf_addf(says, ", for %s,", one->peer);
	if (count > 1)
		buf_addf(says, " and %u more have", count - 1);
	else
		buf_text(says, " has");
	buf_text(says, drains ? " clients still" : " not ended");
	if (!drains)
		add_limit(one, says);
}

static enum standing look(const struct operation *operation, struct keeper *keeper, struct buf *says)
{
	static enum standing (*const looks[DEEDS])(const struct operation *operation, struct keeper *keeper,
						   struct buf *says) = {
		[DEED_START] = look_at_start,	  [DEED_STOP] = look_at_stop,
		[DEED_RESTART] = look_at_restart, [DEED_DRAIN] = look_at_drain,
		[DEED_FREEZE] = look_at_freeze,	  [DEED_ENABLE] = look_at_enable,
			  [DEED_DISABLE] = look_at_disable,
		[DEED_REFRESH] = look_at_refresh, [DEED_EVICT] = look_at_evict,
	};

	return looks[operation->deed] ? looks[operation->deed](operation, keeper, says) : DONE;
}

enum standing operate_look(const struct operation *operation, struct keeper *keeper, struct buf *says)
{
	enum standing standing = look(operation, keeper, says);

	if (standing != UNDER_WAY)
		add_cost(operation, keeper, says);
	return standing;
}
