/* Begins an operator's orders. An order may come at any moment of a service's life. If the service cannot obey at
 * once, as with a start while the old instance still ends, the runtime notes the order and obeys in its next step. */
#include "superd/service/operator.h"

#include <signal.h>
#include <string.h>

#include "lib/clock.h"
#include "superd/accept/socket_rest.h"
#include "superd/instance/background.h"
#include "superd/instance/shared_process.h"
#include "superd/instance/warm_pool.h"
#include "superd/service/boot_locks.h"
#include "superd/service/operator_locks.h"
#include "superd/service/runtime_bind.h"
#include "superd/service/service_drain.h"
#include "superd/service/service_reload.h"
#include "superd/service/service_thaw.h"
#include "superd/stop/freeze.h"
#include "superd/stop/standby_socket.h"
#include "superd/stop/stop.h"

/* Returns the result after the service has handled the events of the order. */
static enum order_result report(const struct operator_order *order, struct service_runtime *runtime, struct buf *why)
{
	runtime_hear(runtime);
	return operator_look(order, runtime, why);
}

static bool has_current(const struct service_runtime *runtime)
{
	return runtime_state(runtime) == STARTING || runtime_state(runtime) == RUNNING ||
		runtime_state(runtime) == FROZEN;
}

/* Notes that the service must start as soon as its state allows. false: out of memory. */
static bool order_start(struct service_runtime *runtime)
{
	if (!runtime_make_run(runtime))
		return false;
	runtime->run->start_due = clock_now();
	strcpy(runtime->run->start_by, "operator");
	return true;
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
	if (runtime->run)               /* earlier failures must not count against the next instance */
		runtime->run->stats.failed.in_row = 0;
	runtime_event(runtime, HALT);
	stop_for_restart(runtime);
	runtime->halted = false;
	warm_pool_follow(runtime);
	if (starts && !has_current(runtime) && runtime_state(runtime) != STOPPING)
		runtime_event(runtime, ENABLE);
	return report(order, runtime, why);
}

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
	if (has_current(runtime) && !drain_waits(runtime) && !drain_try(runtime, why)) {
		runtime->state.admin = before.admin;
		return ORDER_NO_DRAIN;
	}
	runtime_event(runtime, DRAIN);
	runtime_end_drain(runtime);
	buf_clear(why);
	return report(order, runtime, why);
}

static enum order_result begin_freeze(const struct operator_order *order, struct service_runtime *runtime,
				      struct buf *why)
{
	if (runtime_state(runtime) == FROZEN)
		return ORDER_FROZEN_ALREADY;
	if (runtime->service->exec->accept)
		return ORDER_IS_EACH;
	return freeze_hold(runtime, why) ? report(order, runtime, why) : ORDER_FAILED;
}

static enum order_result begin_enable(const struct operator_order *order, struct service_runtime *runtime,
				      struct buf *why)
{
	if (!runtime_is_disabled(runtime))
		return order->boot_change ? report(order, runtime, why) : ORDER_ENABLED_ALREADY;
	locks_clear(runtime->engine, runtime->service->name, LOCK_DISABLED);
	runtime->state = service_ordered(runtime->state, ENABLE);
	locks_restore(runtime);         /* it may have been held before it was disabled */
	runtime_event(runtime, ENABLE);
	return report(order, runtime, why);
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
	if (command->at_boot) {
		order->boot_change = boot_locks_change(runtime, action == OPERATOR_DISABLE, command->uid);
		if (!order->boot_change)
			return ORDER_NO_MEMORY;
	}
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
