/* What can be told of a service from its data, and the reason and the timer of its pauses. */
#include "engine/runtime/runtime.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "config/table/diff.h"

void keeper_post(struct keeper *keeper, unsigned event)
{
	if (!keeper->posted.count)
		keeper->posted_in = keeper->state;
	events_post(keeper->engine, &keeper->posted, (unsigned char)event);
}

enum state keeper_next_state(const struct keeper *keeper)
{
	enum state state = (enum state)keeper->state;

	for (size_t n = 0; n < keeper->posted.count; n++) {
		unsigned event = keeper->posted.events[n];
		struct step step = { 0 };

		if (event < HAPPENINGS)
			step = transition(keeper->service->exec->accept, state, (enum happening)event);
		if (step.action != IMPOSSIBLE)
			state = (enum state)step.next;
	}
	return state;
}

static void on_timer(struct ev_loop *loop, ev_timer *timer, int events)
{
	(void)loop, (void)events;
	keeper_post(timer->data, TIMER);
}

void keeper_stop_timer(struct keeper *keeper)
{
	if (keeper->activity)
		ev_timer_stop(keeper->engine->loop, &keeper->activity->timer);
}

static void activity_init(struct activity *activity, struct keeper *keeper)
{
	activity->keeper = keeper;
	list_init(&activity->leaving);
	list_init(&activity->lacking);
	ev_init(&activity->timer, on_timer);
	activity->timer.data = keeper;
	ev_init(&activity->taking, NULL);
	activity->number = ++keeper->engine->activities;
	list_init(&activity->instances);
	means_init(&activity->means);
	activity->patience = PATIENCE;
	activity->spent.entered = keeper->since;
}

struct activity *keeper_activity(struct keeper *keeper)
{
	if (keeper->activity)
		return keeper->activity;
	keeper->activity = calloc(1, sizeof(*keeper->activity));
	if (keeper->activity)
		activity_init(keeper->activity, keeper);
	return keeper->activity;
}

struct list *keeper_instances(struct keeper *keeper)
{
	return keeper->activity ? &keeper->activity->instances : &keeper->engine->none;
}

bool keeper_is_empty(struct keeper *keeper)
{
	return list_empty(keeper_instances(keeper));
}

bool keeper_is_full(const struct keeper *keeper)
{
	return keeper->instance_count >= (uint64_t)keeper->service->groups->access->instances;
}

bool keeper_is_complete(const struct keeper *keeper)
{
	for (size_t n = 0; n < keeper->listener_count; n++) {
		if (!listener_is_open(&keeper->listeners[n]) && !keeper->listeners[n].listen->options->optional)
			return false;
	}
	return true;
}

bool keeper_is_being_restored(const struct keeper *keeper)
{
	for (size_t n = 0; n < keeper->listener_count; n++) {
		if (keeper->listeners[n].restoring)
			return true;
	}
	return false;
}

bool keeper_refuses(const struct keeper *keeper)
{
	return keeper->state == BACKOFF && keeper->backoff.failures &&
		keeper->service->groups->lifecycle->backoff_refuse;
}

static void set_reason(struct activity *activity, const char *event, const char *format, va_list arguments)
	__attribute__((format(printf, 3, 0)));

static void set_reason(struct activity *activity, const char *event, const char *format, va_list arguments)
{
	if (!activity)
		return;
	activity->untold = event;
	vsnprintf(activity->reason, sizeof(activity->reason), format, arguments);
}

void keeper_pause(struct keeper *keeper, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	set_reason(keeper_activity(keeper), NULL, format, arguments);
	va_end(arguments);
}

void keeper_fail(struct keeper *keeper, const char *event, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	set_reason(keeper_activity(keeper), event, format, arguments);
	va_end(arguments);
}

void keeper_end_superd(struct keeper *keeper, int status)
{
	struct engine *engine = keeper->engine;

	log_error(engine->log, "%s: on_failure = exit: leaving", keeper->service->name);
	if (engine->failed)
		return;
	engine->failed = true;
	if (WIFSIGNALED(status))
		engine->failed_status = 128 + WTERMSIG(status);
	else
		engine->failed_status = WEXITSTATUS(status) ? WEXITSTATUS(status) : 1;
	events_feed(engine);
}

/* After a good end the next client starts a service; one without sockets superd starts itself. */
bool keeper_starts_again(const struct keeper *keeper)
{
	const struct exec_options *options = keeper->service->exec;

	return options->start == START_BOOT && options->type != TYPE_ONESHOT && !keeper->listener_count &&
	       keeper->service->groups->restart->restart == RESTART_DEFAULT;
}

void keeper_start_anew(struct keeper *keeper)
{
	if (keeper->service->groups->restart->restart == RESTART_DEFAULT)
		keeper->started = false;
}

/* A start by `restart` is another matter: activity->eager has its time. */
bool keeper_starts_at_boot(const struct keeper *keeper)
{
	const struct exec_options *options = keeper->service->exec;

	return options->start == START_BOOT && !options->accept && !keeper->halted &&
	       (!keeper->started || keeper_starts_again(keeper));
}

bool keeper_waits_for_order(const struct keeper *keeper)
{
	bool due = keeper->activity && keeper->activity->eager > 0;

	return !keeper->listener_count && !due && !keeper_starts_at_boot(keeper);
}

void keeper_start_timer(struct keeper *keeper, double seconds)
{
	keeper_stop_timer(keeper);
	ev_timer_set(&keeper->activity->timer, seconds, 0.);
	ev_timer_start(keeper->engine->loop, &keeper->activity->timer);
}

bool keeper_lets_go(const struct keeper *keeper)
{
	bool would_serve_on = keeper->disabled && !keeper->service->exec->accept;       /* it has the sockets */

	return service_on_remove(keeper->service, keeper->service) != REMOVE_STOP && !keeper->engine->stopping &&
	       !would_serve_on;
}

struct keeper *keeper_find_leaving(struct engine *engine, const char *name)
{
	LIST_EACH(link, &engine->leaving) {
		if (!strcmp(keeper_leaving(link)->service->name, name))
			return keeper_leaving(link);
	}
	return NULL;
}
