/* A run in the foreground is an order to start, or to restart: the tables of states know no other. The instance that
 * the order leads to takes the console. */
#include "superd/service/service_foreground.h"

#include <signal.h>

#include "superd/start/plan.h"

#define INTERRUPT_SECONDS 2.            /* from SIGINT to the stop of an instance whose client has left */

static bool has_instance(const struct service_runtime *runtime)
{
	enum state state = runtime_state(runtime);

	return state == STARTING || state == RUNNING || state == FROZEN || runtime_current(runtime);
}

/* Returns why it cannot be run; ORDER_UNDER_WAY: it can. */
static enum order_result find_obstacle(struct service_runtime *runtime, bool stops)
{
	const struct service *service = runtime->service;

	if (runtime->engine->stopping)
		return ORDER_SUPERD_STOPS;
	if (runtime_is_removed(runtime))
		return ORDER_IS_REMOVED;
	if (runtime_is_disabled(runtime))
		return ORDER_IS_DISABLED;
	if (runtime_is_held(runtime))
		return ORDER_IS_HELD;
	if (service_is_builtin(service) || (service->exec->redirect && !service_is_relayed(service)))
		return ORDER_NO_PROGRAM;
	if (runtime->run && runtime->run->foreground)
		return ORDER_IS_RUN;
	if (service->exec->accept && stops)
		return ORDER_ENDS_CLIENTS;
	return service->exec->accept || stops || !has_instance(runtime) ? ORDER_UNDER_WAY : ORDER_RUNS;
}

/* Takes the order to start back, so that no instance without the console follows. */
static void withdraw(struct service_runtime *runtime)
{
	runtime->run->start_due = 0;
	*runtime->run->start_by = '\0';
}

/* Orders the start of accept = no. */
static enum order_result order_start(struct service_foreground *service_foreground, struct service_runtime *runtime,
				     struct buf *why)
{
	const struct operator_command command = {
		.action = has_instance(runtime) ? OPERATOR_RESTART : OPERATOR_START,
		.uid = service_foreground->uid,
	};
	enum order_result result = operator_begin(&service_foreground->start, runtime, &command, why);

	if (result == ORDER_UNDER_WAY || service_foreground->foreground->stage != FOREGROUND_WAITS) {
		buf_clear(why);
		return ORDER_UNDER_WAY;
	}
	withdraw(runtime);
	return order_has_failed(result) ? result : ORDER_NOT_STARTED;
}

static void on_hangup(struct alarm *alarm);

enum order_result service_foreground_begin(struct service_foreground *service_foreground,
					   struct service_runtime *runtime, const struct foreground_order *order,
					   struct buf *why)
{
	struct foreground_order usable = *order;
	struct foreground *foreground;
	enum order_result result = find_obstacle(runtime, service_foreground->stops);

	if (result)
		return result;
	/* The end of its first process would be a hangup to the daemon, which shares the session for a moment. */
	if (runtime->service->exec->type == TYPE_FORKING)
		usable.is_terminal = false;
	foreground = foreground_new(runtime, &usable, why);
	if (!foreground)
		return ORDER_FAILED;
	alarm_init(&foreground->hangup, runtime->engine, on_hangup);
	service_foreground->foreground = foreground;
	if (!runtime->service->exec->accept)
		result = order_start(service_foreground, runtime, why);
	if (result) {
		foreground_forget(runtime, "");
		foreground_leave(foreground);
		service_foreground->foreground = NULL;
	}
	return result;
}

void service_foreground_look(struct service_foreground *service_foreground)
{
	struct service_runtime *runtime = service_foreground->foreground->runtime;
	enum order_result result = ORDER_UNDER_WAY;
	struct buf why = { 0 };

	if (service_foreground->foreground->stage != FOREGROUND_WAITS)
		return;
	if (runtime_is_removed(runtime) || runtime_is_disabled(runtime))
		result = runtime_is_removed(runtime) ? ORDER_IS_REMOVED : ORDER_IS_DISABLED;
	else if (!runtime->service->exec->accept)
		result = operator_look(&service_foreground->start, runtime, &why);
	if (result != ORDER_UNDER_WAY) {
		service_foreground->result = order_has_failed(result) ? result : ORDER_NOT_STARTED;
		withdraw(runtime);
		foreground_forget(runtime, buf_string(&why));
	}
	buf_free(&why);
}

bool service_foreground_signal(const struct service_foreground *service_foreground, int signal)
{
	const struct foreground *foreground = service_foreground->foreground;

	if (foreground->stage != FOREGROUND_RUNS)
		return false;
	instance_signal(foreground->instance, signal, true);
	return true;
}

static void stop_instance(const struct foreground *foreground)
{
	struct service_runtime *runtime = foreground->runtime;
	struct instance *instance = foreground->instance;
	struct operator_order order;
	struct buf answer = { 0 };
	const struct operator_command command = { .action = OPERATOR_STOP };

	if (instance == runtime_current(runtime))
		(void)operator_begin(&order, runtime, &command, &answer);       /* nobody waits for the answer */
	else
		instance_stop(instance);
	buf_free(&answer);
}

static void on_hangup(struct alarm *alarm)
{
	stop_instance(container_of(alarm, struct foreground, hangup));
}

/* The run is not over. */
static void hang_up(struct foreground *foreground)
{
	struct service_runtime *runtime = foreground->runtime;
	struct event event = { .name = "stopping", .service = runtime->service->name, .pid = foreground->pid };

	switch (foreground->stage) {
	case FOREGROUND_WAITS:
		withdraw(runtime);
		foreground_forget(runtime, "its client has left");
		break;
	case FOREGROUND_RUNS:
		log_event(runtime->engine->log, LEVEL_NOTICE, &event,
			  "stopping pid %ld: the operator who runs it in the foreground has left", (long)event.pid);
		instance_signal(foreground->instance, SIGINT, true);
		alarm_set(&foreground->hangup, INTERRUPT_SECONDS);
		break;
	case FOREGROUND_STARTS:
		alarm_set(&foreground->hangup, 0);
		break;
	case FOREGROUND_ENDED:
	case FOREGROUND_FAILED:
		break;
	}
}

void service_foreground_leave(struct service_foreground *service_foreground)
{
	struct foreground *foreground = service_foreground->foreground;

	if (!foreground)
		return;
	if (foreground->runtime && !foreground->runtime->engine->stopping)
		hang_up(foreground);
	foreground_leave(foreground);
	service_foreground->foreground = NULL;
}
