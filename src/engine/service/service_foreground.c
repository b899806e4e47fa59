/* A run in the foreground is an order to start, or to restart: the tables of states know no other. The instance that
 * the order leads to takes the console. */
#include "engine/service/service_foreground.h"

#include <signal.h>

#include "exec/plan/plan.h"

#define INTERRUPT_SECONDS 2.            /* from SIGINT to the stop of an instance whose client has left */

static bool refuse(struct buf *why, const char *text)
{
	buf_text(why, text);
	return false;
}

static bool has_instance(const struct service_runtime *runtime)
{
	enum state state = runtime_state(runtime);

	return state == STARTING || state == RUNNING || state == FROZEN || runtime_current(runtime);
}

static bool may_run(struct service_runtime *runtime, bool stops, struct buf *why)
{
	const struct service *service = runtime->service;
	const struct instance *current = runtime_current(runtime);

	if (runtime->engine->stopping)
		return refuse(why, "superd is stopping");
	if (runtime_is_removed(runtime))
		return refuse(why, "a reload has removed it");
	if (runtime_is_disabled(runtime))
		return refuse(why, "it is disabled: enable it first");
	if (runtime_is_held(runtime))
		return refuse(why, "it is held: release it first");
	if (plan_is_builtin(service) || (service->exec->redirect && !service_is_relayed(service)))
		return refuse(why, "superd serves its clients itself: it has no program to run");
	if (runtime->run && runtime->run->foreground)
		return refuse(why, "an operator runs it in the foreground already");
	if (service->exec->accept && stops)
		return refuse(why, "each of its clients has an instance, which --stop would end: leave it out");
	if (service->exec->accept || stops || !has_instance(runtime))
		return true;
	buf_text(why, "it runs already");
	if (current && current->pid)
		buf_addf(why, ", pid %ld", (long)current->pid);
	return refuse(why, ": stop it first, or add --stop");
}

/* Takes the order to start back, so that no instance without the console follows. */
static void withdraw(struct service_runtime *runtime)
{
	runtime->run->start_due = 0;
	*runtime->run->start_by = '\0';
}

/* Orders the start of accept = no. false: that cannot be. */
static bool order_start(struct service_foreground *service_foreground, struct service_runtime *runtime,
			struct buf *why)
{
	const struct foreground *foreground = service_foreground->foreground;
	const struct operator_command command = {
		.action = has_instance(runtime) ? OPERATOR_RESTART : OPERATOR_START,
		.uid = service_foreground->uid,
	};
	enum order_result result = operator_begin(&service_foreground->start, runtime, &command, why);

	if (result == ORDER_UNDER_WAY || foreground->stage != FOREGROUND_WAITS) {
		buf_clear(why);
		return true;
	}
	withdraw(runtime);
	return why->length ? false : refuse(why, "it was not started");
}

static void on_hangup(struct alarm *alarm);

bool service_foreground_begin(struct service_foreground *service_foreground, struct service_runtime *runtime,
			      const struct foreground_order *order, struct buf *why)
{
	struct foreground_order usable = *order;
	struct foreground *foreground;

	if (!may_run(runtime, service_foreground->stops, why))
		return false;
	/* The end of its first process would be a hangup to the daemon, which shares the session for a moment. */
	if (runtime->service->exec->type == TYPE_FORKING)
		usable.size = NULL;
	foreground = foreground_new(runtime, &usable, why);
	if (!foreground)
		return false;
	alarm_init(&foreground->hangup, runtime->engine, on_hangup);
	service_foreground->foreground = foreground;
	if (runtime->service->exec->accept || order_start(service_foreground, runtime, why))
		return true;
	foreground_forget(runtime, "");
	foreground_leave(foreground);
	service_foreground->foreground = NULL;
	return false;
}

void service_foreground_look(const struct service_foreground *service_foreground)
{
	const struct foreground *foreground = service_foreground->foreground;
	struct service_runtime *runtime = foreground->runtime;
	enum order_result result = ORDER_UNDER_WAY;
	struct buf why = { 0 };

	if (foreground->stage != FOREGROUND_WAITS)
		return;
	if (runtime_is_removed(runtime) || runtime_is_disabled(runtime)) {
		result = ORDER_FAILED;
		buf_text(&why, runtime_is_removed(runtime) ? "a reload has removed it" : "it was disabled");
	} else if (!runtime->service->exec->accept) {
		result = operator_look(&service_foreground->start, runtime, &why);
	}
	if (result != ORDER_UNDER_WAY) {
		withdraw(runtime);
		foreground_forget(runtime, why.length ? buf_string(&why) : "it was not started");
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
