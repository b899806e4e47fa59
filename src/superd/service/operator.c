/* An operator's orders. An order may come at any moment of a service's life. If the service cannot obey at once, as
 * with a start while the old instance still ends, the runtime notes the order and obeys in its next step; who waits
 * asks how far the order is. In the meantime clients may have started again what was stopped, and an instance that was
 * started may have ended well; neither is a failure. */
#include "superd/service/operator.h"

#include <signal.h>
#include <string.h>

#include "lib/clock.h"
#include "lib/number.h"
#include "superd/service/socket_rest.h"
#include "superd/instance/background.h"
#include "superd/instance/shared_process.h"
#include "superd/instance/warm_pool.h"
#include "superd/service/boot_locks.h"
#include "superd/service/operator_locks.h"
#include "superd/service/runtime_bind.h"
#include "superd/service/service_drain.h"
#include "superd/service/service_reload.h"
#include "superd/service/socket_commands.h"
#include "superd/stop/freeze.h"
#include "superd/stop/standby_socket.h"
#include "superd/stop/stop.h"

/* Returns the result after the service has handled the events of the order. */
static enum order_result report(const struct operator_order *order, struct service_runtime *runtime, struct buf *why)
{
	runtime_hear(runtime);
	return operator_look(order, runtime, why);
}

static enum order_result fail_for_reason(const struct service_runtime *runtime, struct buf *why)
{
	buf_text(why, runtime_reason(runtime));
	return ORDER_FAILED;
}

static bool has_current(const struct service_runtime *runtime)
{
	return runtime_state(runtime) == STARTING || runtime_state(runtime) == RUNNING ||
		runtime_state(runtime) == FROZEN;
}

/* ---- start ---- */

#define AT_ONCE 1.                      /* seconds: a program that cannot work ends sooner */

/* Notes that the service must start as soon as its state allows. false: out of memory. */
static bool order_start(struct service_runtime *runtime)
{
	if (!runtime_make_run(runtime))
		return false;
	runtime->run->start_due = clock_now();
	strcpy(runtime->run->start_by, "operator");
	return true;
}

static bool has_started(const struct operator_order *order, const struct service_runtime *runtime)
{
	return runtime_stats(runtime)->activations > order->activations;
}

bool operator_has_started(const struct operator_order *order, const struct service_runtime *runtime)
{
	return (order->action == OPERATOR_START || order->action == OPERATOR_RESTART) &&
	       runtime_state(runtime) == RUNNING && has_started(order, runtime);
}

/* Whether an instance that runs has reported that it is ready, or superd has seen that. */
static bool has_been_ready(const struct service *service)
{
	return service_notifies(service) || service_awaits_ready(service) || service_awaits_target(service) ||
	       service->exec->type == TYPE_FORKING || service->exec->pass == PASS_BIND;
}

double operator_wait(const struct operator_order *order, const struct service_runtime *runtime)
{
	if (!operator_has_started(order, runtime) || has_been_ready(runtime->service))
		return 0;
	return number_max(runtime_current(runtime)->since + AT_ONCE - clock_now(), 0);
}

/* Whether the instance that was ordered, or one after it, has failed. */
static bool has_failed(const struct operator_order *order, const struct service_runtime *runtime)
{
	return has_started(order, runtime) && runtime_stats(runtime)->failures > order->failures;
}

static enum order_result report_failed(const struct service_runtime *runtime, struct buf *why)
{
	const struct failures *failed = &runtime_stats(runtime)->failed;

	if (*runtime_reason(runtime))
		buf_text(why, runtime_reason(runtime));
	else if (failed->count)
		failure_describe(&failed->kept[0], why);
	return ORDER_START_FAILED;
}

static enum order_result begin_start(const struct operator_order *order, struct service_runtime *runtime,
				     struct buf *why)
{
	if (runtime_is_held(runtime))
		return ORDER_IS_HELD;
	if (runtime_state(runtime) == RUNNING)
		return ORDER_RUNS_ALREADY;
	if (!runtime->service->exec->accept && !has_current(runtime) && !order_start(runtime))
		return ORDER_NO_MEMORY;
	runtime->halted = false;
	socket_rest_forget(runtime);
	runtime_look_for_absent(runtime, true);
	runtime_event(runtime, ENABLE);
	return report(order, runtime, why);
}

/* Whether the instance that was ordered runs. */
static enum order_result look_for_start(const struct operator_order *order, struct service_runtime *runtime,
					struct buf *why)
{
	if (has_failed(order, runtime))
		return report_failed(runtime, why);
	switch (runtime_state(runtime)) {
	case RUNNING:
		if (operator_wait(order, runtime) > 0)
			return ORDER_UNDER_WAY;
		/* fall through */
	case FROZEN:
		return has_started(order, runtime) ? ORDER_STARTED : ORDER_CONTINUES;
	case QUEUED:
	case STARTING:
	case STOPPING:
		return ORDER_UNDER_WAY;
	case BINDING:
		return sockets_are_under_way(runtime) ? ORDER_UNDER_WAY : fail_for_reason(runtime, why);
	case BACKOFF:
		return fail_for_reason(runtime, why);
	case LISTENING:
	case HELD:
	case FULL:
	case OFF:
	case CLOSING:
	case STATES:
		break;
	}
	if (has_started(order, runtime))
		return ORDER_ENDED;
	return runtime_state(runtime) == LISTENING && runtime_start_due(runtime) > 0 ? ORDER_UNDER_WAY
										    : ORDER_NOT_STARTED;
}

static enum order_result look_at_start(const struct operator_order *order, struct service_runtime *runtime,
				       struct buf *why)
{
	if (!runtime->service->exec->accept)
		return look_for_start(order, runtime, why);
	if (runtime_state(runtime) == BINDING && sockets_are_under_way(runtime))
		return ORDER_UNDER_WAY;
	if (runtime_state(runtime) == BINDING || runtime_state(runtime) == BACKOFF)
		return fail_for_reason(runtime, why);
	return ORDER_LISTENS;
}

/* ---- stop, restart ---- */

static enum order_result begin_stop(const struct operator_order *order, struct service_runtime *runtime,
				    struct buf *why)
{
	if (runtime->run) {
		runtime->run->start_due = 0;
		*runtime->run->start_by = '\0';
	}
	runtime_event(runtime, HALT);
	return report(order, runtime, why);
}

unsigned operator_awaited(const struct operator_order *order, struct service_runtime *runtime, struct instance **one)
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

	return operator_awaited(order, runtime, &one);
}

/* Whether something of the service from before the order has not ended yet. */
static bool still_ends(const struct operator_order *order, struct service_runtime *runtime)
{
	return old_instances_live(order, runtime) || background_is_ending(runtime);
}

/* Whether superd starts the service itself: it has no socket, or start = boot. */
static bool starts_by_itself(const struct service_runtime *runtime)
{
	return !runtime->service->exec->accept &&
	       (!runtime->listener_count || runtime->service->exec->start == START_BOOT);
}

static enum order_result begin_restart(const struct operator_order *order, struct service_runtime *runtime,
				       struct buf *why)
{
	bool starts = !runtime->service->exec->accept &&
		      (order->ran || runtime_state(runtime) == BACKOFF || starts_by_itself(runtime));

	if (starts && !order_start(runtime))
		return ORDER_NO_MEMORY;
	if (runtime->run) {
		runtime->run->stats.failed.in_row = 0;  /* earlier failures must not count against the next instance */
		runtime->run->restarts = true;
	}
	runtime_event(runtime, HALT);
	if (runtime->run)
		runtime->run->restarts = false;
	runtime->halted = false;
	runtime_reopen_unreachable(runtime);    /* one that is watched may wait for its check, and not all are */
	warm_pool_follow(runtime);
	if (starts && !has_current(runtime) && runtime_state(runtime) != STOPPING)
		runtime_event(runtime, ENABLE);
	return report(order, runtime, why);
}

static enum order_result look_at_restart(const struct operator_order *order, struct service_runtime *runtime,
					 struct buf *why)
{
	bool accepts = runtime->service->exec->accept;

	if (still_ends(order, runtime))
		return ORDER_UNDER_WAY;
	if (!accepts && !runtime_is_held(runtime) &&
	    (has_started(order, runtime) || runtime_state(runtime) == STARTING || runtime_state(runtime) == QUEUED ||
	     (runtime_start_due(runtime) > 0)))
		return look_for_start(order, runtime, why);
	if (runtime_state(runtime) == BINDING)
		return sockets_are_under_way(runtime) ? ORDER_UNDER_WAY : ORDER_UNBOUND;
	if (!runtime_is_held(runtime) && !accepts && runtime_state(runtime) == BACKOFF)
		return fail_for_reason(runtime, why);
	return ORDER_STOPPED_FOR_START;
}

/* ---- hold, release, drain ---- */

static enum order_result begin_hold(const struct operator_order *order, struct service_runtime *runtime)
{
	runtime_event(runtime, HOLD);
	locks_set(runtime->engine, runtime->service->name, LOCK_HELD, order->uid);
	return ORDER_HELD;
}

static enum order_result begin_release(struct service_runtime *runtime)
{
	bool was_held = locks_hold(runtime);

	if (was_held)
		runtime_event(runtime, RELEASE);
	runtime_post(runtime, DRAIN_DUE);       /* a drain that was planned is called off */
	locks_clear(runtime->engine, runtime->service->name, LOCK_HELD);
	return was_held ? ORDER_RELEASED : ORDER_NOT_HELD;
}

/* accept = no: whether superd can keep new clients from the present instance; ORDER_UNDER_WAY: it can. */
static enum order_result find_drain_obstacle(const struct service_runtime *runtime)
{
	if (!standby_sockets_may_have(runtime))
		return ORDER_FIXED_SOCKET;
	return runtime->listener_count ? ORDER_UNDER_WAY : ORDER_NO_SOCKET;
}

/* A service that was held before stays held after the drain. An instance that is stopping needs no drain. */
static enum order_result begin_drain(const struct operator_order *order, struct service_runtime *runtime,
				     struct buf *why)
{
	struct service_state before = runtime->state;
	enum order_result obstacle = has_current(runtime) ? find_drain_obstacle(runtime) : ORDER_UNDER_WAY;

	if (obstacle)
		return obstacle;
	if (runtime_state(runtime) == FROZEN)
		runtime_event(runtime, ENABLE); /* a frozen instance could neither serve its clients nor end */
	runtime->state = service_ordered(runtime->state, DRAIN);
	if (has_current(runtime) && !drain_begin(runtime, why)) {
		runtime->state.admin = before.admin;
		return ORDER_NO_DRAIN;
	}
	runtime_event(runtime, DRAIN);
	runtime_end_drain(runtime);
	buf_clear(why);
	return report(order, runtime, why);
}

static enum order_result look_at_drain(const struct operator_order *order, struct service_runtime *runtime)
{
	const struct instance *instance = has_current(runtime) ? runtime_current(runtime) : NULL;

	if (instance && instance->since <= order->asked && !stop_is_planned(instance))
		return ORDER_NOT_DRAINED;
	if (runtime_is_draining(runtime) || (runtime_is_held(runtime) && old_instances_live(order, runtime) &&
		!runtime_has_drained(runtime)))
		return ORDER_UNDER_WAY;
	return ORDER_DRAINED;
}

/* ---- freeze ---- */

static enum order_result begin_freeze(const struct operator_order *order, struct service_runtime *runtime,
				      struct buf *why)
{
	if (runtime_state(runtime) == FROZEN)
		return ORDER_FROZEN_ALREADY;
	if (runtime->service->exec->accept)
		return ORDER_IS_EACH;
	return freeze_hold(runtime, why) ? report(order, runtime, why) : ORDER_FAILED;
}

static enum order_result look_at_freeze(const struct service_runtime *runtime)
{
	if (freeze_is_under_way(runtime))
		return ORDER_UNDER_WAY;
	return runtime_state(runtime) == FROZEN ? ORDER_FROZEN : ORDER_FREEZE_FAILED;
}

/* ---- enable, disable ---- */

static enum order_result begin_enable(const struct operator_order *order, struct service_runtime *runtime,
				      struct buf *why)
{
	if (!runtime_is_disabled(runtime)) {
		if (runtime_state(runtime) != BINDING)
			return order->boot_change ? report(order, runtime, why) : ORDER_ENABLED_ALREADY;
		socket_rest_forget(runtime);
		runtime_event(runtime, ENABLE); /* tries its port at once, as start and restart do */
		return report(order, runtime, why);
	}
	locks_clear(runtime->engine, runtime->service->name, LOCK_DISABLED);
	runtime->state = service_ordered(runtime->state, ENABLE);
	locks_restore(runtime);         /* it may have been held before it was disabled */
	runtime_event(runtime, ENABLE);
	return report(order, runtime, why);
}

/* Whether an instance that must end with the service has not ended yet. */
static bool still_has_its_sockets(struct service_runtime *runtime)
{
	return !runtime->service->exec->accept && !runtime_is_empty(runtime);
}

static enum order_result look_at_enable(struct service_runtime *runtime)
{
	enum state state = runtime_state(runtime);

	if (runtime_is_disabled(runtime))
		return ORDER_UNDONE;
	if (state == CLOSING || state == STOPPING ||
	    (state == BINDING && (sockets_are_under_way(runtime) || still_has_its_sockets(runtime))))
		return ORDER_UNDER_WAY;
	return state == BINDING ? ORDER_UNBOUND : ORDER_ENABLED;
}

static enum order_result begin_disable(const struct operator_order *order, struct service_runtime *runtime,
				       struct buf *why)
{
	if (runtime_is_disabled(runtime) && runtime_state(runtime) == OFF && !order->boot_change)
		return ORDER_DISABLED_ALREADY;
	locks_set(runtime->engine, runtime->service->name, LOCK_DISABLED, order->uid);
	runtime_event(runtime, DISABLE);
	return report(order, runtime, why);
}

static enum order_result look_at_disable(struct service_runtime *runtime)
{
	if (!runtime_is_disabled(runtime))
		return ORDER_UNDONE;
	if (runtime_state(runtime) == CLOSING || sockets_are_under_way(runtime) || still_has_its_sockets(runtime) ||
	    background_is_ending(runtime))
		return ORDER_UNDER_WAY;
	return ORDER_DISABLED;
}

/* ---- signal ---- */

/* Whether a signal to it reaches the process of another instance, too, which gets the signal. */
static bool shares_signal(const struct instance *instance)
{
	return instance->process && instance->process->clients[0].instance != instance;
}

static enum order_result send_signal(struct operator_order *order, struct service_runtime *runtime)
{
	LIST_EACH(link, runtime_instances(runtime)) {
		const struct instance *instance = container_of(link, struct instance, link);

		if (shares_signal(instance) || !instance_signal_main(instance, order->signal))
			continue;
		if (order->signalled < SIGNALLED_MOST)
			order->pids[order->signalled] = instance->pid;
		order->signalled++;
	}
	return order->signalled ? ORDER_SIGNALLED : ORDER_NO_PROCESS;
}

/* ---- all of them ---- */

static enum order_result look_at_awaited(const struct operator_order *order, struct service_runtime *runtime)
{
	enum state state = runtime_state(runtime);
	bool is_awake = state == RUNNING || state == FULL || (state == LISTENING && !runtime_is_empty(runtime));
	bool is_asleep = state == FROZEN || (state == LISTENING && !is_awake);

	if (order->action == OPERATOR_AWAIT_ASLEEP ? !is_asleep
	    : order->action == OPERATOR_AWAIT_AWAKE ? !is_awake : !is_asleep && !is_awake)
		return ORDER_UNDER_WAY;
	return is_awake ? ORDER_AWAKE : ORDER_ASLEEP;
}

/* An order that is done at once is never under way. */
static enum order_result look_at_order(const struct operator_order *order, struct service_runtime *runtime,
				       struct buf *why)
{
	switch (order->action) {
	case OPERATOR_START:
		return look_at_start(order, runtime, why);
	case OPERATOR_STOP:
		return still_ends(order, runtime) ? ORDER_UNDER_WAY : ORDER_STOPPED;
	case OPERATOR_RESTART:
		return look_at_restart(order, runtime, why);
	case OPERATOR_DRAIN:
		return look_at_drain(order, runtime);
	case OPERATOR_FREEZE:
		return look_at_freeze(runtime);
	case OPERATOR_ENABLE:
		return look_at_enable(runtime);
	case OPERATOR_DISABLE:
		return look_at_disable(runtime);
	case OPERATOR_REFRESH:
		return service_reload_look(runtime, why);
	default:
		return look_at_awaited(order, runtime);
	}
}

enum order_result operator_look(const struct operator_order *order, struct service_runtime *runtime, struct buf *why)
{
	enum order_result result = look_at_order(order, runtime, why);

	if (!order->boot_change || order_has_failed(result) || result == ORDER_UNDER_WAY)
		return result;
	if (!boot_locks_is_tried(runtime->engine, order->boot_change))
		return ORDER_UNDER_WAY;
	return boot_locks_last(runtime->engine, why) ? result : ORDER_NOT_STORED;
}

static bool is_for_disabled(enum operator_action action)
{
	return action == OPERATOR_ENABLE || action == OPERATOR_DISABLE || action == OPERATOR_STOP ||
		action == OPERATOR_RELEASE || action == OPERATOR_REFRESH || action == OPERATOR_SIGNAL;
}

/* Returns the order that sleep or wake means for the service now. */
static enum operator_action resolve_action(const struct service_runtime *runtime, enum operator_action action)
{
	bool freezes = !runtime->service->exec->accept &&
		       runtime->service->groups->lifecycle->idle_action == IDLE_FREEZE &&
		       (runtime_state(runtime) == RUNNING || runtime_state(runtime) == FROZEN);

	if (action == OPERATOR_SLEEP)
		return freezes ? OPERATOR_FREEZE : OPERATOR_STOP;
	if (action == OPERATOR_WAKE)
		return runtime_state(runtime) == FROZEN ? OPERATOR_THAW : OPERATOR_START;
	return action;
}

enum order_result operator_begin(struct operator_order *order, struct service_runtime *runtime,
				 const struct operator_command *command, struct buf *why)
{
	const struct service_stats *stats = runtime_stats(runtime);
	enum operator_action action = resolve_action(runtime, command->action);

	*order = (struct operator_order){
		.action = action, .uid = command->uid, .signal = command->signal, .asked = clock_now(),
		.ran = !runtime_is_empty(runtime) || background_pid(runtime), .activations = stats->activations,
		.failures = stats->failures, .killed = stats->killed, .parted = stats->parted,
	};
	if (runtime->engine->stopping)
		return ORDER_SUPERD_STOPS;
	if (runtime_is_removed(runtime) && action != OPERATOR_STOP)
		return ORDER_IS_REMOVED;
	if (runtime_is_disabled(runtime) && !is_for_disabled(action))
		return ORDER_IS_DISABLED;
	if (command->at_boot)
		order->boot_change = boot_locks_change(runtime, action == OPERATOR_DISABLE, command->uid);
	switch (action) {
	case OPERATOR_START:
		return begin_start(order, runtime, why);
	case OPERATOR_STOP:
		return begin_stop(order, runtime, why);
	case OPERATOR_RESTART:
		return begin_restart(order, runtime, why);
	case OPERATOR_HOLD:
		return begin_hold(order, runtime);
	case OPERATOR_RELEASE:
		return begin_release(runtime);
	case OPERATOR_DRAIN:
		return begin_drain(order, runtime, why);
	case OPERATOR_ENABLE:
		return begin_enable(order, runtime, why);
	case OPERATOR_DISABLE:
		return begin_disable(order, runtime, why);
	case OPERATOR_REFRESH:
		return service_reload_begin(runtime, why);
	case OPERATOR_FREEZE:
		return begin_freeze(order, runtime, why);
	case OPERATOR_THAW:
		return service_thaw(runtime) ? ORDER_THAWED : ORDER_NOT_FROZEN;
	case OPERATOR_SIGNAL:
		return send_signal(order, runtime);
	case OPERATOR_AWAIT_READY:
	case OPERATOR_AWAIT_AWAKE:
	case OPERATOR_AWAIT_ASLEEP:
		return report(order, runtime, why);
	case OPERATOR_SLEEP:
	case OPERATOR_WAKE:
	case OPERATOR_ACTIONS:
		break;
	}
	return ORDER_FAILED;
}
