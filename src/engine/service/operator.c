/* Begins an operator's orders. An order may come at any moment of a service's life. If the service cannot obey at
 * once, as with a start while the old instance still ends, the runtime notes the order and obeys in its next step. */
#include "engine/service/operator.h"

#include <signal.h>
#include <string.h>

#include "base/clock.h"
#include "base/scan.h"
#include "engine/accept/socket_rest.h"
#include "engine/drain/drain.h"
#include "engine/drain/standby_socket.h"
#include "engine/freeze/freeze.h"
#include "engine/instance/background.h"
#include "engine/service/boot_locks.h"
#include "engine/service/operator_locks.h"
#include "engine/service/runtime_bind.h"
#include "engine/service/service_drain.h"
#include "engine/service/service_reload.h"
#include "engine/service/service_thaw.h"
#include "engine/warm/warm_pool.h"

#define SIGNALLED_MOST 10               /* pids that an answer names */

static pid_t current_pid(const struct service_runtime *runtime)
{
	return runtime_current(runtime) ? runtime_current(runtime)->pid : 0;
}

static enum operator_status fail_order(struct buf *answer, const char *why)
{
	buf_text(answer, why);
	return FAILED;
}

/* Returns the status after the service has handled the events of the order. */
static enum operator_status report_status(const struct operator_order *order, struct service_runtime *runtime,
					  struct buf *answer)
{
	runtime_hear(runtime);
	return operator_look(order, runtime, answer);
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

static enum operator_status begin_start(const struct operator_order *order, struct service_runtime *runtime,
					struct buf *answer)
{
	if (runtime_is_held(runtime))
		return fail_order(answer, "it is held: after release, clients start it again");
	if (runtime_state(runtime) == RUNNING) {
		buf_addf(answer, "it runs already, pid %ld", (long)current_pid(runtime));
		return DONE;
	}
	if (!runtime->service->exec->accept && !has_current(runtime) && !order_start(runtime))
		return fail_order(answer, "out of memory");
	runtime->halted = false;
	socket_rest_forget(runtime);
	runtime_look_for_absent(runtime, true);
	runtime_event(runtime, ENABLE);
	return report_status(order, runtime, answer);
}

static enum operator_status begin_stop(const struct operator_order *order, struct service_runtime *runtime,
				       struct buf *answer)
{
	if (runtime->run) {
		runtime->run->start_due = 0;
		*runtime->run->start_by = '\0';
	}
	runtime_event(runtime, HALT);
	return report_status(order, runtime, answer);
}

/* Whether superd starts the service itself: it has no socket, or start = boot. */
static bool starts_by_itself(const struct service_runtime *runtime)
{
	return !runtime->service->exec->accept &&
	       (!runtime->listener_count || runtime->service->exec->start == START_BOOT);
}

static enum operator_status begin_restart(const struct operator_order *order, struct service_runtime *runtime,
					  struct buf *answer)
{
	bool starts = !runtime->service->exec->accept &&
		      (order->ran || runtime_state(runtime) == BACKOFF || starts_by_itself(runtime));

	if (starts && !order_start(runtime))
		return fail_order(answer, "out of memory");
	if (runtime->run)               /* earlier failures must not count against the next instance */
		runtime->run->stats.failed.in_row = 0;
	runtime_event(runtime, HALT);
	runtime->halted = false;
	warm_pool_follow(runtime);
	if (starts && !has_current(runtime) && runtime_state(runtime) != STOPPING)
		runtime_event(runtime, ENABLE);
	return report_status(order, runtime, answer);
}

static enum operator_status begin_hold(const struct operator_order *order, struct service_runtime *runtime,
				       struct buf *answer)
{
	runtime_event(runtime, HOLD);
	locks_set(runtime->engine, runtime->service->name, LOCK_HELD, order->uid);
	if (runtime_state(runtime) == BINDING) {
		buf_text(answer, "held, but ");
		operator_add_unbound(runtime, answer);
	} else {
		buf_text(answer, "held: its clients queue until it is released");
	}
	if (!runtime_is_empty(runtime) && runtime_state(runtime) != STOPPING && runtime_state(runtime) != BINDING)
		buf_text(answer, runtime->service->exec->accept ? "; the instances it has run on"
							     : "; the instance it has runs on, and serves");
	operator_add_lasting(runtime, LOCK_HELD, answer);
	return DONE;
}

static enum operator_status begin_release(struct service_runtime *runtime, struct buf *answer)
{
	bool was_held = locks_hold(runtime);

	buf_text(answer, was_held ? "released" : "it was not held");
	if (was_held)
		runtime_event(runtime, RELEASE);
	locks_clear(runtime->engine, runtime->service->name, LOCK_HELD);
	if (runtime_state(runtime) == BINDING) {
		buf_text(answer, "; ");
		operator_add_unbound(runtime, answer);
	}
	if (was_held)
		operator_add_lasting(runtime, LOCK_HELD, answer);
	return DONE;
}

/* accept = no: whether superd can keep new clients from the present instance. */
static bool can_be_drained(const struct service_runtime *runtime, struct buf *answer)
{
	if (!runtime->listener_count) {
		buf_text(answer, "it has no socket, so superd knows of no client to wait for: stop or restart it");
		return false;
	}
	for (size_t n = 0; n < runtime->listener_count; n++) {
		if (!listener_has_socket(&runtime->listeners[n]) || standby_sockets_may_have(&runtime->listeners[n]))
			continue;
		buf_text(answer, "its instance accepts its clients itself, and superd cannot keep them from a socket "
				 "of this kind; restart loses no client in the queue");
		return false;
	}
	return true;
}

/* Drains the instance, so that new clients do not reach it any more. */
static bool drain_instance(struct service_runtime *runtime, struct buf *answer)
{
	struct buf why = { 0 };
	bool good = drain_try(runtime, &why);

	if (!good)
		buf_addf(answer, "clients cannot be kept from its instance: %s; restart loses no client in the queue",
			 buf_string(&why));
	buf_free(&why);
	return good;
}

/* A service that was held before stays held after the drain. An instance that is stopping needs no drain. */
static enum operator_status begin_drain(const struct operator_order *order, struct service_runtime *runtime,
					struct buf *answer)
{
	struct service_state before = runtime->state;

	if (has_current(runtime) && !can_be_drained(runtime, answer))
		return FAILED;
	if (runtime_state(runtime) == FROZEN)
		runtime_event(runtime, ENABLE); /* a frozen instance could neither serve its clients nor end */
	runtime->state = service_ordered(runtime->state, DRAIN);
	if (runtime_state(runtime) == STARTING)
		drain_when_ready(runtime);
	if (runtime_state(runtime) == RUNNING && !drain_instance(runtime, answer)) {
		runtime->state.admin = before.admin;
		return FAILED;
	}
	runtime_event(runtime, DRAIN);
	runtime_end_drain(runtime);
	return report_status(order, runtime, answer);
}

static enum operator_status begin_freeze(const struct operator_order *order, struct service_runtime *runtime,
					 struct buf *answer)
{
	if (runtime_state(runtime) == FROZEN) {
		buf_text(answer, "it is frozen already");
		return DONE;
	}
	if (runtime->service->exec->accept)
		return fail_order(answer, "each of its clients has an instance, and superd does not freeze these");
	return freeze_hold(runtime, answer) ? report_status(order, runtime, answer) : FAILED;
}

static enum operator_status begin_thaw(struct service_runtime *runtime, struct buf *answer)
{
	buf_text(answer, service_thaw(runtime) ? "thawed" : "it was not frozen");
	return DONE;
}

static enum operator_status begin_enable(const struct operator_order *order, struct service_runtime *runtime,
					 struct buf *answer)
{
	if (!runtime_is_disabled(runtime) && order->boot_change)
		return report_status(order, runtime, answer);
	if (!runtime_is_disabled(runtime)) {
		buf_text(answer, "it is enabled already");
		return DONE;
	}
	locks_clear(runtime->engine, runtime->service->name, LOCK_DISABLED);
	runtime->state = service_ordered(runtime->state, ENABLE);
	locks_restore(runtime);         /* it may have been held before it was disabled */
	runtime_event(runtime, ENABLE);
	return report_status(order, runtime, answer);
}

static enum operator_status begin_disable(const struct operator_order *order, struct service_runtime *runtime,
					  struct buf *answer)
{
	if (runtime_is_disabled(runtime) && runtime_state(runtime) == OFF && !order->boot_change) {
		buf_text(answer, "it is disabled already");
		return DONE;
	}
	locks_set(runtime->engine, runtime->service->name, LOCK_DISABLED, order->uid);
	runtime_event(runtime, DISABLE);
	return report_status(order, runtime, answer);
}

/* Adds the pids that were signalled, for as many as a reader wants to see. */
static void add_signalled(struct buf *answer, size_t sent, pid_t pid)
{
	if (sent <= SIGNALLED_MOST)
		buf_addf(answer, "%s%ld", sent > 1 ? ", " : "", (long)pid);
}

static enum operator_status send_signal(struct service_runtime *runtime, int signal, struct buf *answer)
{
	size_t sent = 0;
	struct buf pids = { 0 };
	char name[32];

	LIST_EACH(link, runtime_instances(runtime)) {
		const struct instance *instance = container_of(link, struct instance, link);

		if (instance_signal_main(instance, signal))
			add_signalled(&pids, ++sent, instance->pid);
	}
	if (sent > SIGNALLED_MOST)
		buf_addf(&pids, " and %zu more", sent - SIGNALLED_MOST);
	if (sent)
		buf_addf(answer, "sent SIG%s to pid %s", scan_signal_name(signal, name), buf_string(&pids));
	else
		buf_text(answer, "no process of it runs");
	if (sent && runtime_state(runtime) == FROZEN && signal != SIGKILL)
		buf_text(answer, "; it is frozen, and receives the signal when it is thawed");
	answer->failed |= pids.failed;
	buf_free(&pids);
	return sent ? DONE : FAILED;
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

enum operator_status operator_begin(struct operator_order *order, struct service_runtime *runtime,
				    const struct operator_command *command, struct buf *answer)
{
	const struct service_stats *stats = runtime_stats(runtime);
	enum operator_action action = resolve_action(runtime, command->action);

	*order = (struct operator_order){
		.action = action, .uid = command->uid, .asked = clock_now(),
		.ran = !runtime_is_empty(runtime) || background_pid(runtime), .activations = stats->activations,
		.failures = stats->failures, .killed = stats->killed, .parted = stats->parted,
	};
	if (runtime->engine->stopping)
		return fail_order(answer, "superd is stopping");
	if (runtime_is_removed(runtime) && action != OPERATOR_STOP)
		return fail_order(answer, "a reload has removed it: stop ends its instances; a reload adds it again "
					  "if the configuration has it");
	if (runtime_is_disabled(runtime) && !is_for_disabled(action))
		return fail_order(answer, "it is disabled: enable it first");
	if (command->at_boot) {
		order->boot_change = boot_locks_change(runtime, action == OPERATOR_DISABLE, command->uid);
		if (!order->boot_change)
			return fail_order(answer, "out of memory");
	}
	switch (action) {
	case OPERATOR_START:
		return begin_start(order, runtime, answer);
	case OPERATOR_STOP:
		return begin_stop(order, runtime, answer);
	case OPERATOR_RESTART:
		return begin_restart(order, runtime, answer);
	case OPERATOR_HOLD:
		return begin_hold(order, runtime, answer);
	case OPERATOR_RELEASE:
		return begin_release(runtime, answer);
	case OPERATOR_DRAIN:
		return begin_drain(order, runtime, answer);
	case OPERATOR_ENABLE:
		return begin_enable(order, runtime, answer);
	case OPERATOR_DISABLE:
		return begin_disable(order, runtime, answer);
	case OPERATOR_REFRESH:
		return service_reload_begin(runtime, answer);
	case OPERATOR_FREEZE:
		return begin_freeze(order, runtime, answer);
	case OPERATOR_THAW:
		return begin_thaw(runtime, answer);
	case OPERATOR_SIGNAL:
		return send_signal(runtime, command->signal, answer);
	case OPERATOR_AWAIT_READY:
	case OPERATOR_AWAIT_AWAKE:
	case OPERATOR_AWAIT_ASLEEP:
		return report_status(order, runtime, answer);
	case OPERATOR_SLEEP:
	case OPERATOR_WAKE:
	case OPERATOR_ACTIONS:
		break;
	}
	return fail_order(answer, "unknown order");
}
