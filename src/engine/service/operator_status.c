/* Reports how far an order is. By then clients may have started again what was stopped, and an instance that was
 * started may have ended, which is no failure. */
#include "engine/service/operator.h"

#include "base/duration_text.h"
#include "base/scan.h"
#include "engine/freeze/freeze.h"
#include "engine/orphans/orphan_end.h"
#include "engine/service/operator_locks.h"
#include "engine/service/service_reload.h"
#include "engine/service/socket_commands.h"

static enum operator_status fail_for_reason(const struct service_runtime *runtime, struct buf *says)
{
	buf_text(says, runtime_reason(runtime));
	return FAILED;
}

void operator_add_lasting(const struct service_runtime *runtime, enum lock_kind kind, struct buf *says)
{
	const struct locks *locks = runtime->engine->locks;
	const struct lock *lock = locks_find(locks, runtime->service->name);
	struct buf why = { 0 };

	/* Without a file there is nothing that could bring back what has ended. */
	if (!locks_outlive(runtime->engine, &why) && ((lock && lock->orders[kind].since) || locks->path))
		buf_addf(says, "; this ends with superd: %s", buf_string(&why));
	buf_free(&why);
}

bool operator_add_unbound(const struct service_runtime *runtime, struct buf *says)
{
	bool any = false;

	if (runtime_state(runtime) != BINDING)
		return false;
	if (socket_commands_is_busy(runtime)) {
		buf_text(says, "its sockets are not open yet");
		return true;
	}
	for (size_t n = 0; n < runtime->listener_count && !any; n++)
		any = listener_is_open(&runtime->listeners[n]);
	buf_addf(says, "%s: %s; superd tries again", any ? "not all of its sockets are open" : "it does not listen",
		 runtime_reason(runtime));
	return true;
}

static bool has_started(const struct operator_order *operation, const struct service_runtime *runtime)
{
	return runtime_stats(runtime)->activations > operation->activations;
}

static enum operator_status tell_ended(const struct service_runtime *runtime, struct buf *says)
{
	char text[48];

	status_describe(runtime_stats(runtime)->last_status, text);
	buf_addf(says, "it was started, and has ended: %s", text);
	return DONE;
}

/* Whether the instance that was ordered runs. */
static enum operator_status look_for_start(const struct operator_order *operation, struct service_runtime *runtime,
					   struct buf *says)
{
	switch (runtime_state(runtime)) {
	case RUNNING:
	case FROZEN:
		buf_addf(says, has_started(operation, runtime) ? "started, pid %ld" : "it goes on, pid %ld",
			 (long)runtime_current(runtime)->pid);
		return DONE;
	case STARTING:
	case STOPPING:
		return UNDER_WAY;
	case BINDING:
		if (socket_commands_is_busy(runtime))
			return UNDER_WAY;
		return fail_for_reason(runtime, says);
	case BACKOFF:
		return fail_for_reason(runtime, says);
	case LISTENING:
	case HELD:
	case FULL:
	case OFF:
	case CLOSING:
	case STATES:
		break;
	}
	if (has_started(operation, runtime))
		return tell_ended(runtime, says);
	if (runtime_state(runtime) == LISTENING && runtime_start_due(runtime) > 0)
		return UNDER_WAY;
	buf_addf(says, "it was not started: it is %s", state_name(runtime_state(runtime)));
	return FAILED;
}

static enum operator_status look_at_start(const struct operator_order *operation, struct service_runtime *runtime,
					  struct buf *says)
{
	if (!runtime->service->exec->accept)
		return look_for_start(operation, runtime, says);
	if (runtime_state(runtime) == BINDING && socket_commands_is_busy(runtime))
		return UNDER_WAY;
	if (runtime_state(runtime) == BINDING || runtime_state(runtime) == BACKOFF)
		return fail_for_reason(runtime, says);
	buf_text(says, "it listens: each client starts an instance of its own");
	return DONE;
}

/* Returns how many instances from before the order live, and one of them. */
static unsigned count_old_ones(const struct operator_order *operation, struct service_runtime *runtime,
			       struct instance **one)
{
	unsigned count = 0;

	LIST_EACH(link, runtime_instances(runtime)) {
		struct instance *instance = container_of(link, struct instance, link);

		if (instance->since > operation->asked)
			continue;
		count++;
		*one = instance;
	}
	return count;
}

static bool old_ones_live(const struct operator_order *operation, struct service_runtime *runtime)
{
	struct instance *one;

	return count_old_ones(operation, runtime, &one);
}

static void add_nothing_runs(const struct service_runtime *runtime, struct buf *says)
{
	buf_text(says, "nothing of it runs; ");
	operator_add_unbound(runtime, says);
}

static enum operator_status look_at_stop(const struct operator_order *operation, struct service_runtime *runtime,
					 struct buf *says)
{
	if (old_ones_live(operation, runtime))
		return UNDER_WAY;
	if (!runtime_is_empty(runtime))
		buf_text(says, "stopped; clients have started it again");
	else if (runtime_state(runtime) == OFF)
		buf_text(says, "stopped");
	else if (runtime_state(runtime) == BINDING)
		add_nothing_runs(runtime, says);
	else if (runtime_is_held(runtime))
		buf_text(says, "stopped; it is held, so nothing starts it");
	else if (runtime_state(runtime) == BACKOFF)
		buf_text(says, "nothing of it runs; after its pause it tries again");
	else
		buf_text(says, runtime->listener_count ? "stopped; it listens, and the next client starts it again"
						      : "stopped, until it is started again");
	return DONE;
}

static enum operator_status look_at_restart(const struct operator_order *operation, struct service_runtime *runtime,
					    struct buf *says)
{
	bool accepts = runtime->service->exec->accept;

	if (old_ones_live(operation, runtime))
		return UNDER_WAY;
	if (!accepts && !runtime_is_held(runtime) &&
	    (has_started(operation, runtime) || runtime_state(runtime) == STARTING ||
	     (runtime_start_due(runtime) > 0)))
		return look_for_start(operation, runtime, says);
	if (runtime_state(runtime) == BINDING && socket_commands_is_busy(runtime))
		return UNDER_WAY;
	if (operator_add_unbound(runtime, says))
		return FAILED;
	if (runtime_is_held(runtime))
		buf_text(says, "stopped; it is held, and starts when it is released");
	else if (accepts)
		buf_text(says, "its instances have ended; each client starts one of its own");
	else if (runtime_state(runtime) == BACKOFF)
		return fail_for_reason(runtime, says);
	else
		buf_text(says, "it did not run: the next client starts it");
	return DONE;
}

static bool has_retired(struct service_runtime *runtime)
{
	LIST_EACH(link, runtime_instances(runtime)) {
		if (container_of(link, struct instance, link)->retired)
			return true;
	}
	return false;
}

static enum operator_status look_at_drain(const struct operator_order *operation, struct service_runtime *runtime,
					  struct buf *says)
{
	if (runtime_state(runtime) == RUNNING && runtime_current(runtime)->since <= operation->asked) {
		buf_text(says, "clients cannot be kept from its instance, which runs on; the log says why");
		return FAILED;
	}
	if (runtime_is_draining(runtime) || (runtime_is_held(runtime) && old_ones_live(operation, runtime) &&
		!runtime_has_drained(runtime)))
		return UNDER_WAY;
	if (runtime_state(runtime) == BINDING)
		add_nothing_runs(runtime, says);
	else
		buf_text(says, runtime_is_held(runtime) ? "drained; it is held, so its clients queue"
					    : "drained: its clients are served again");
	if (!runtime->service->exec->accept && has_retired(runtime))
		buf_text(says, "; an instance from before a reload runs on: stop or restart ends it");
	return DONE;
}

static enum operator_status look_at_freeze(const struct operator_order *operation, struct service_runtime *runtime,
					   struct buf *says)
{
	(void)operation;
	if (freeze_is_under_way(runtime))
		return UNDER_WAY;
	if (runtime_state(runtime) == FROZEN) {
		buf_text(says, "frozen, until it is thawed or a client comes");
		return DONE;
	}
	buf_text(says, "it could not be frozen, or has gone on already; the log says why");
	return FAILED;
}

/* An instance that ends with the service has not ended yet. */
static bool still_has_its_sockets(struct service_runtime *runtime)
{
	return !runtime->service->exec->accept && !runtime_is_empty(runtime);
}

static enum operator_status look_at_enable(const struct operator_order *operation, struct service_runtime *runtime,
					   struct buf *says)
{
	(void)operation;
	if (runtime_is_disabled(runtime)) {
		buf_text(says, "somebody has disabled it meanwhile");
		return FAILED;
	}
	if (runtime_state(runtime) == CLOSING || runtime_state(runtime) == STOPPING)
		return UNDER_WAY;
	if (runtime_state(runtime) == BINDING &&
	    (socket_commands_is_busy(runtime) || still_has_its_sockets(runtime)))
		return UNDER_WAY;
	if (runtime_state(runtime) == BINDING)
		return fail_for_reason(runtime, says);
	buf_text(says, runtime_is_held(runtime) ? "enabled, and held" : "enabled");
	operator_add_lasting(runtime, LOCK_DISABLED, says);
	return DONE;
}

static enum operator_status look_at_disable(const struct operator_order *operation, struct service_runtime *runtime,
					    struct buf *says)
{
	(void)operation;
	if (!runtime_is_disabled(runtime)) {
		buf_text(says, "somebody has enabled it meanwhile");
		return FAILED;
	}
	if (runtime_state(runtime) == CLOSING || socket_commands_is_busy(runtime) || still_has_its_sockets(runtime))
		return UNDER_WAY;
	buf_text(says, "disabled: its sockets are closed until it is enabled");
	if (!runtime_is_empty(runtime))
		buf_text(says, "; the instances it has run on (on_remove)");
	operator_add_lasting(runtime, LOCK_DISABLED, says);
	return DONE;
}

static enum operator_status look_at_refresh(const struct operator_order *operation, struct service_runtime *runtime,
					    struct buf *says)
{
	(void)operation;
	return service_reload_look(runtime, says);
}

static enum operator_status look_at_evict(const struct operator_order *operation, struct service_runtime *runtime,
					  struct buf *says)
{
	(void)operation;
	if (orphans_are_ending(runtime))
		return UNDER_WAY;
	if (runtime_state(runtime) == BINDING && socket_commands_is_busy(runtime))
		return UNDER_WAY;
	if (runtime_state(runtime) == BINDING)
		return fail_for_reason(runtime, says);
	buf_text(says, "evicted: its addresses are superd's again");
	return DONE;
}

/* Adds how many instances were killed, and how many clients lost, because they took too long. */
static void add_cost(const struct operator_order *operation, const struct service_runtime *runtime, struct buf *says)
{
	const struct service_stats *stats = runtime_stats(runtime);
	unsigned long killed = stats->killed - operation->killed;
	unsigned long parted = stats->parted - operation->parted;

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

	if (instance_is_doomed(instance))
		buf_text(says, "; it was killed, and the kernel has not let it go yet");
	else if (!instance->facts.stopped)
		buf_text(says, ": it may serve its clients first, for 2 s in which none leaves");
	else if (ev_is_active(&instance->limit.timer))
		buf_addf(says, "; in %s %s",
			 duration_write(span, ev_timer_remaining(instance->engine->loop, &instance->limit.timer)),
			 lifecycle->kill_mode == KILL_NONE ? "it is left to itself" : "it is killed");
	else if (lifecycle->timeout_stop == SCAN_INFINITY)
		buf_text(says, "; timeout_stop = infinity lets it take any time");
}

void operator_add_wait(const struct operator_order *operation, struct service_runtime *runtime, struct buf *says)
{
	struct instance *one = NULL;
	unsigned count = count_old_ones(operation, runtime, &one);
	bool drains = operation->deed == OPERATOR_DRAIN;

	if (!count || operation->deed == OPERATOR_FREEZE || operation->deed == OPERATOR_REFRESH) {
		buf_addf(says, "it is %s", runtime_state_name(runtime));
		return;
	}
	buf_addf(says, "pid %ld", (long)one->pid);
	if (one->client.peer && *one->client.peer)
		buf_addf(says, ", for %s,", one->client.peer);
	if (count > 1)
		buf_addf(says, " and %u more have", count - 1);
	else
		buf_text(says, " has");
	buf_text(says, drains ? " clients still" : " not ended");
	if (!drains)
		add_limit(one, says);
}

static enum operator_status look(const struct operator_order *operation, struct service_runtime *runtime,
				 struct buf *says)
{
	static enum operator_status (*const looks[OPERATOR_ACTIONS])(
		const struct operator_order *operation, struct service_runtime *runtime, struct buf *says) = {
		[OPERATOR_START] = look_at_start,     [OPERATOR_STOP] = look_at_stop,
		[OPERATOR_RESTART] = look_at_restart, [OPERATOR_DRAIN] = look_at_drain,
		[OPERATOR_FREEZE] = look_at_freeze,   [OPERATOR_ENABLE] = look_at_enable,
		[OPERATOR_DISABLE] = look_at_disable, [OPERATOR_REFRESH] = look_at_refresh,
		[OPERATOR_EVICT] = look_at_evict,
	};

	return looks[operation->deed] ? looks[operation->deed](operation, runtime, says) : DONE;
}

enum operator_status operator_look(const struct operator_order *operation, struct service_runtime *runtime,
				   struct buf *says)
{
	enum operator_status standing = look(operation, runtime, says);

	if (standing != UNDER_WAY)
		add_cost(operation, runtime, says);
	return standing;
}
