/* Reports how far an order is. In the meantime clients may have started again what was stopped, and an instance that
 * was started may have ended well; neither is a failure. */
#include "engine/service/operator.h"

#include <math.h>

#include "base/clock.h"
#include "base/duration_text.h"
#include "base/scan.h"
#include "engine/freeze/freeze.h"
#include "engine/instance/background.h"
#include "engine/service/boot_locks.h"
#include "engine/service/operator_locks.h"
#include "engine/service/service_reload.h"
#include "engine/service/socket_commands.h"

#define AT_ONCE 1.                      /* seconds: a program that cannot work ends sooner */

static enum operator_status fail_for_reason(const struct service_runtime *runtime, struct buf *answer)
{
	buf_text(answer, runtime_reason(runtime));
	return FAILED;
}

void operator_add_lasting(const struct service_runtime *runtime, enum lock_kind kind, struct buf *answer)
{
	const struct locks *locks = runtime->engine->locks;
	const struct lock *lock = locks_find(locks, runtime->service->name);
	struct buf why = { 0 };

	if (lock && lock->orders[LOCK_AT_BOOT].since)
		return;                 /* the next superd disables it by the other file */
	/* Without a file nothing could bring back a lock that has ended. */
	if (!locks_outlive(runtime->engine, &why) && ((lock && lock->orders[kind].since) || locks->path))
		buf_addf(answer, "; this ends with superd: %s", buf_string(&why));
	buf_free(&why);
}

bool operator_add_unbound(const struct service_runtime *runtime, struct buf *answer)
{
	bool any = false;

	if (runtime_state(runtime) != BINDING)
		return false;
	if (sockets_are_under_way(runtime)) {
		buf_text(answer, "its sockets are not open yet");
		return true;
	}
	for (size_t n = 0; n < runtime->listener_count && !any; n++)
		any = listener_is_open(&runtime->listeners[n]);
	buf_addf(answer, "%s: %s; superd tries again", any ? "not all of its sockets are open" : "it does not listen",
		 runtime_reason(runtime));
	return true;
}

static bool has_started(const struct operator_order *order, const struct service_runtime *runtime)
{
	return runtime_stats(runtime)->activations > order->activations;
}

static enum operator_status report_ended(const struct service_runtime *runtime, struct buf *answer)
{
	char text[48];

	status_describe(runtime_stats(runtime)->last_status, text);
	buf_addf(answer, "it was started, and has ended: %s", text);
	return DONE;
}

/* Whether an instance that runs has reported that it is ready, or superd has seen that. */
static bool has_been_ready(const struct service *service)
{
	return service_notifies(service) || service_awaits_ready(service) || service_awaits_target(service) ||
	       service->exec->type == TYPE_FORKING || service->exec->pass == PASS_BIND;
}

double operator_wait(const struct operator_order *order, const struct service_runtime *runtime)
{
	bool is_start = order->action == OPERATOR_START || order->action == OPERATOR_RESTART;

	if (!is_start || runtime_state(runtime) != RUNNING || !has_started(order, runtime) ||
	    has_been_ready(runtime->service))
		return 0;
	return fmax(runtime_current(runtime)->since + AT_ONCE - clock_now(), 0);
}

/* Whether the instance that was ordered, or one after it, has failed. */
static bool has_failed(const struct operator_order *order, const struct service_runtime *runtime)
{
	return has_started(order, runtime) && runtime_stats(runtime)->failures > order->failures;
}

static enum operator_status report_failed(const struct service_runtime *runtime, struct buf *answer)
{
	const struct failures *failed = &runtime_stats(runtime)->failed;

	buf_text(answer, "failed: ");
	if (*runtime_reason(runtime))
		buf_text(answer, runtime_reason(runtime));
	else if (failed->count)
		failure_describe(&failed->kept[0], answer);
	return FAILED;
}

/* Reports whether the instance that was ordered runs. */
static enum operator_status look_for_start(const struct operator_order *order, struct service_runtime *runtime,
					   struct buf *answer)
{
	if (has_failed(order, runtime))
		return report_failed(runtime, answer);
	switch (runtime_state(runtime)) {
	case RUNNING:
		if (operator_wait(order, runtime) > 0)
			return UNDER_WAY;
		/* fall through */
	case FROZEN:
		buf_addf(answer, has_started(order, runtime) ? "started, pid %ld" : "it continues, pid %ld",
			 (long)runtime_current(runtime)->pid);
		return DONE;
	case QUEUED:
	case STARTING:
	case STOPPING:
		return UNDER_WAY;
	case BINDING:
		if (sockets_are_under_way(runtime))
			return UNDER_WAY;
		return fail_for_reason(runtime, answer);
	case BACKOFF:
		return fail_for_reason(runtime, answer);
	case LISTENING:
	case HELD:
	case FULL:
	case OFF:
	case CLOSING:
	case STATES:
		break;
	}
	if (has_started(order, runtime))
		return report_ended(runtime, answer);
	if (runtime_state(runtime) == LISTENING && runtime_start_due(runtime) > 0)
		return UNDER_WAY;
	buf_addf(answer, "it was not started: it is %s", state_name(runtime_state(runtime)));
	return FAILED;
}

static enum operator_status look_at_start(const struct operator_order *order, struct service_runtime *runtime,
					  struct buf *answer)
{
	if (!runtime->service->exec->accept)
		return look_for_start(order, runtime, answer);
	if (runtime_state(runtime) == BINDING && sockets_are_under_way(runtime))
		return UNDER_WAY;
	if (runtime_state(runtime) == BINDING || runtime_state(runtime) == BACKOFF)
		return fail_for_reason(runtime, answer);
	buf_text(answer, "it listens: each client starts an instance");
	return DONE;
}

/* Counts the instances from before the order; *one gets one of them. */
static unsigned count_old_instances(const struct operator_order *order, struct service_runtime *runtime,
				    struct instance **one)
{
	unsigned count = 0;

	LIST_EACH(link, runtime_instances(runtime)) {
		struct instance *instance = container_of(link, struct instance, link);

		if (instance->since > order->asked)
			continue;
		count++;
		*one = instance;
	}
	return count;
}

static bool old_instances_live(const struct operator_order *order, struct service_runtime *runtime)
{
	struct instance *one;

	return count_old_instances(order, runtime, &one);
}

/* Whether something of the service from before the order has not ended yet. */
static bool still_ends(const struct operator_order *order, struct service_runtime *runtime)
{
	return old_instances_live(order, runtime) || background_is_ending(runtime);
}

/* What kill_mode spares, or does not end, runs on. */
static void add_background(const struct service_runtime *runtime, struct buf *answer)
{
	pid_t pid = background_pid(runtime);

	if (pid)
		buf_addf(answer, "; pid %ld, which its program has left in the background, still runs", (long)pid);
}

static void add_nothing_runs(const struct service_runtime *runtime, struct buf *answer)
{
	buf_text(answer, "no instance runs; ");
	operator_add_unbound(runtime, answer);
}

static enum operator_status look_at_stop(const struct operator_order *order, struct service_runtime *runtime,
					 struct buf *answer)
{
	if (still_ends(order, runtime))
		return UNDER_WAY;
	if (!runtime_is_empty(runtime))
		buf_text(answer, "stopped; clients have started it again");
	else if (runtime_state(runtime) == OFF)
		buf_text(answer, "stopped");
	else if (runtime_state(runtime) == BINDING)
		add_nothing_runs(runtime, answer);
	else if (runtime_is_held(runtime))
		buf_text(answer, "stopped; it is held, so nothing starts it");
	else if (runtime_state(runtime) == BACKOFF)
		buf_text(answer, "no instance runs; superd tries again after the pause");
	else
		buf_text(answer, runtime->listener_count ? "stopped; it listens, and the next client starts it again"
						      : "stopped, until it is started again");
	add_background(runtime, answer);
	return DONE;
}

static enum operator_status look_at_restart(const struct operator_order *order, struct service_runtime *runtime,
					    struct buf *answer)
{
	bool accepts = runtime->service->exec->accept;

	if (still_ends(order, runtime))
		return UNDER_WAY;
	if (!accepts && !runtime_is_held(runtime) &&
	    (has_started(order, runtime) || runtime_state(runtime) == STARTING || runtime_state(runtime) == QUEUED ||
	     (runtime_start_due(runtime) > 0)))
		return look_for_start(order, runtime, answer);
	if (runtime_state(runtime) == BINDING && sockets_are_under_way(runtime))
		return UNDER_WAY;
	if (operator_add_unbound(runtime, answer))
		return FAILED;
	if (runtime_is_held(runtime))
		buf_text(answer, "stopped; it is held, and starts when it is released");
	else if (accepts)
		buf_text(answer, "its instances have ended; each client starts one");
	else if (runtime_state(runtime) == BACKOFF)
		return fail_for_reason(runtime, answer);
	else
		buf_text(answer, "it did not run: the next client starts it");
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

static enum operator_status look_at_drain(const struct operator_order *order, struct service_runtime *runtime,
					  struct buf *answer)
{
	if (runtime_state(runtime) == RUNNING && runtime_current(runtime)->since <= order->asked) {
		buf_text(answer, "clients cannot be kept from its instance, which runs on; the log has the reason");
		return FAILED;
	}
	if (runtime_is_draining(runtime) || (runtime_is_held(runtime) && old_instances_live(order, runtime) &&
		!runtime_has_drained(runtime)))
		return UNDER_WAY;
	if (runtime_state(runtime) == BINDING)
		add_nothing_runs(runtime, answer);
	else
		buf_text(answer, runtime_is_held(runtime) ? "drained; it is held, so its clients queue"
					    : "drained: its clients are served again");
	if (!runtime->service->exec->accept && has_retired(runtime))
		buf_text(answer, "; an instance from before a reload runs on: stop or restart ends it");
	return DONE;
}

static enum operator_status look_at_freeze(const struct operator_order *order, struct service_runtime *runtime,
					   struct buf *answer)
{
	(void)order;
	if (freeze_is_under_way(runtime))
		return UNDER_WAY;
	if (runtime_state(runtime) == FROZEN) {
		buf_text(answer, "frozen until the next client, or until it is thawed");
		return DONE;
	}
	buf_text(answer, "it could not be frozen, or continues already; the log has the reason");
	return FAILED;
}

/* Whether an instance that must end with the service has not ended yet. */
static bool still_has_its_sockets(struct service_runtime *runtime)
{
	return !runtime->service->exec->accept && !runtime_is_empty(runtime);
}

static enum operator_status look_at_enable(const struct operator_order *order, struct service_runtime *runtime,
					   struct buf *answer)
{
	(void)order;
	if (runtime_is_disabled(runtime)) {
		buf_text(answer, "it was disabled in the meantime");
		return FAILED;
	}
	if (runtime_state(runtime) == CLOSING || runtime_state(runtime) == STOPPING)
		return UNDER_WAY;
	if (runtime_state(runtime) == BINDING &&
	    (sockets_are_under_way(runtime) || still_has_its_sockets(runtime)))
		return UNDER_WAY;
	if (runtime_state(runtime) == BINDING)
		return fail_for_reason(runtime, answer);
	buf_text(answer, runtime_is_held(runtime) ? "enabled, and held" : "enabled");
	operator_add_lasting(runtime, LOCK_DISABLED, answer);
	return DONE;
}

static enum operator_status look_at_disable(const struct operator_order *order, struct service_runtime *runtime,
					    struct buf *answer)
{
	(void)order;
	if (!runtime_is_disabled(runtime)) {
		buf_text(answer, "it was enabled in the meantime");
		return FAILED;
	}
	if (runtime_state(runtime) == CLOSING || sockets_are_under_way(runtime) || still_has_its_sockets(runtime) ||
	    background_is_ending(runtime))
		return UNDER_WAY;
	buf_text(answer, "disabled: its sockets are closed until it is enabled");
	if (!runtime_is_empty(runtime))
		buf_text(answer, "; the instances it has run on (on_remove)");
	operator_add_lasting(runtime, LOCK_DISABLED, answer);
	return DONE;
}

static enum operator_status look_at_refresh(const struct operator_order *order, struct service_runtime *runtime,
					    struct buf *answer)
{
	(void)order;
	return service_reload_look(runtime, answer);
}

/* Adds how many instances were killed, and how many clients were lost, because they took too long. */
static void add_cost(const struct operator_order *order, const struct service_runtime *runtime, struct buf *answer)
{
	const struct service_stats *stats = runtime_stats(runtime);
	unsigned long killed = stats->killed - order->killed;
	unsigned long parted = stats->parted - order->parted;

	if (parted)
		buf_addf(answer, "; %lu client%s did not leave the stopped instance", parted,
			 parted == 1 ? "" : "s");
	if (killed)
		buf_addf(answer, "; %lu instance%s did not end by timeout_stop and %s killed", killed,
			 killed == 1 ? "" : "s", killed == 1 ? "was" : "were");
}

/* Continues "pid 12 has not ended" with the time limit. */
static void add_limit(struct instance *instance, struct buf *answer)
{
	const struct lifecycle_options *lifecycle = instance->service->groups->lifecycle;
	char span[DURATION_MOST];

	if (instance_is_doomed(instance))
		buf_text(answer, "; it was killed, and the kernel has not let it go yet");
	else if (!instance->facts.stopped)
		buf_text(answer, ": it may serve its clients first, for 2 s in which none leaves");
	else if (ev_is_active(&instance->limit.timer))
		buf_addf(answer, "; in %s %s",
			 duration_write(span, ev_timer_remaining(instance->engine->loop, &instance->limit.timer)),
			 lifecycle->kill_mode == KILL_NONE ? "it is left to itself" : "it is killed");
	else if (lifecycle->timeout_stop == SCAN_INFINITY)
		buf_text(answer, "; timeout_stop = infinity sets no limit");
}

void operator_add_wait(const struct operator_order *order, struct service_runtime *runtime, struct buf *answer)
{
	struct instance *one = NULL;
	unsigned count = count_old_instances(order, runtime, &one);
	bool drains = order->action == OPERATOR_DRAIN;
	pid_t left;

	if (!count && background_is_ending(runtime) && (left = background_pid(runtime))) {
		buf_addf(answer, "pid %ld, which its program has left in the background, has not ended", (long)left);
		return;
	}
	if (!count || order->action == OPERATOR_FREEZE || order->action == OPERATOR_REFRESH ||
	    order->action >= OPERATOR_AWAIT_READY) {
		buf_addf(answer, "it is %s", runtime_state_name(runtime));
		return;
	}
	buf_addf(answer, "pid %ld", (long)one->pid);
	if (one->client.peer && *one->client.peer)
		buf_addf(answer, ", for %s,", one->client.peer);
	if (count > 1)
		buf_addf(answer, " and %u more have", count - 1);
	else
		buf_text(answer, " has");
	buf_text(answer, drains ? " clients still" : " not ended");
	if (!drains)
		add_limit(one, answer);
}

static enum operator_status look_at_awaited(const struct operator_order *order, struct service_runtime *runtime,
					    struct buf *answer)
{
	enum state state = runtime_state(runtime);
	bool is_awake = state == RUNNING || state == FULL || (state == LISTENING && !runtime_is_empty(runtime));
	bool is_asleep = state == FROZEN || (state == LISTENING && !is_awake);

	if (order->action == OPERATOR_AWAIT_ASLEEP ? !is_asleep
	    : order->action == OPERATOR_AWAIT_AWAKE ? !is_awake : !is_asleep && !is_awake)
		return UNDER_WAY;
	buf_text(answer, is_awake ? "awake" : state == FROZEN ? "frozen" : "asleep");
	return DONE;
}

static enum operator_status look_at_order(const struct operator_order *order, struct service_runtime *runtime,
					  struct buf *answer)
{
	static enum operator_status (*const functions[OPERATOR_ACTIONS])(
		const struct operator_order *order, struct service_runtime *runtime, struct buf *answer) = {
		[OPERATOR_START] = look_at_start,     [OPERATOR_STOP] = look_at_stop,
		[OPERATOR_RESTART] = look_at_restart, [OPERATOR_DRAIN] = look_at_drain,
		[OPERATOR_FREEZE] = look_at_freeze,   [OPERATOR_ENABLE] = look_at_enable,
		[OPERATOR_DISABLE] = look_at_disable, [OPERATOR_REFRESH] = look_at_refresh,
		[OPERATOR_AWAIT_READY] = look_at_awaited,
		[OPERATOR_AWAIT_AWAKE] = look_at_awaited, [OPERATOR_AWAIT_ASLEEP] = look_at_awaited,
	};

	return functions[order->action] ? functions[order->action](order, runtime, answer) : DONE;
}

/* Continues the answer of an enable or disable with what the next start of superd does. */
static enum operator_status look_at_boot(const struct operator_order *order, const struct service_runtime *runtime,
					 struct buf *answer)
{
	bool disables = order->action == OPERATOR_DISABLE;
	struct buf why = { 0 };
	enum operator_status status;

	if (!boot_locks_is_tried(runtime->engine, order->boot_change)) {
		buf_clear(answer);
		return UNDER_WAY;
	}
	status = boot_locks_last(runtime->engine, &why) ? DONE : FAILED;
	if (status == DONE)
		buf_text(answer, disables ? "; also at each start of superd" : "; also when superd starts");
	else
		buf_addf(answer, disables ? "; but not when the machine restarts: %s"
					  : "; but the next superd disables it again: %s", buf_string(&why));
	answer->failed |= why.failed;
	buf_free(&why);
	return status;
}

enum operator_status operator_look(const struct operator_order *order, struct service_runtime *runtime,
				   struct buf *answer)
{
	enum operator_status status = look_at_order(order, runtime, answer);

	if (status == DONE && order->boot_change)
		status = look_at_boot(order, runtime, answer);
	if (status != UNDER_WAY)
		add_cost(order, runtime, answer);
	return status;
}
