/* Finds out how far an order is. In the meantime clients may have started again what was stopped, and an instance that
 * was started may have ended well; neither is a failure. */
#include "superd/service/operator.h"

#include <math.h>

#include "lib/clock.h"
#include "superd/instance/background.h"
#include "superd/service/boot_locks.h"
#include "superd/service/socket_commands.h"
#include "superd/stop/freeze.h"
#include "superd/stop/stop.h"

#define AT_ONCE 1.                      /* seconds: a program that cannot work ends sooner */

static enum order_result fail_for_reason(const struct service_runtime *runtime, struct buf *why)
{
	buf_text(why, runtime_reason(runtime));
	return ORDER_FAILED;
}

static bool has_started(const struct operator_order *order, const struct service_runtime *runtime)
{
	return runtime_stats(runtime)->activations > order->activations;
}

/* Whether an instance that runs has reported that it is ready, or superd has seen that. */
static bool has_been_ready(const struct service *service)
{
	return service_notifies(service) || service_awaits_ready(service) || service_awaits_target(service) ||
	       service->exec->type == TYPE_FORKING || service->exec->pass == PASS_BIND;
}

bool operator_has_started(const struct operator_order *order, const struct service_runtime *runtime)
{
	return (order->action == OPERATOR_START || order->action == OPERATOR_RESTART) &&
	       runtime_state(runtime) == RUNNING && has_started(order, runtime);
}

double operator_wait(const struct operator_order *order, const struct service_runtime *runtime)
{
	if (!operator_has_started(order, runtime) || has_been_ready(runtime->service))
		return 0;
	return fmax(runtime_current(runtime)->since + AT_ONCE - clock_now(), 0);
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

static enum order_result look_at_drain(const struct operator_order *order, struct service_runtime *runtime)
{
	if (runtime_state(runtime) == RUNNING && runtime_current(runtime)->since <= order->asked &&
	    !stop_is_planned(runtime_current(runtime)))
		return ORDER_NOT_DRAINED;
	if (runtime_is_draining(runtime) || (runtime_is_held(runtime) && old_instances_live(order, runtime) &&
		!runtime_has_drained(runtime)))
		return ORDER_UNDER_WAY;
	return ORDER_DRAINED;
}

static enum order_result look_at_freeze(const struct service_runtime *runtime)
{
	if (freeze_is_under_way(runtime))
		return ORDER_UNDER_WAY;
	return runtime_state(runtime) == FROZEN ? ORDER_FROZEN : ORDER_FREEZE_FAILED;
}

/* Whether an instance that must end with the service has not ended yet. */
static bool still_has_its_sockets(struct service_runtime *runtime)
{
	return !runtime->service->exec->accept && !runtime_is_empty(runtime);
}

static enum order_result look_at_enable(struct service_runtime *runtime, struct buf *why)
{
	enum state state = runtime_state(runtime);

	if (runtime_is_disabled(runtime))
		return ORDER_UNDONE;
	if (state == CLOSING || state == STOPPING ||
	    (state == BINDING && (sockets_are_under_way(runtime) || still_has_its_sockets(runtime))))
		return ORDER_UNDER_WAY;
	return state == BINDING ? fail_for_reason(runtime, why) : ORDER_ENABLED;
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
		return look_at_enable(runtime, why);
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
