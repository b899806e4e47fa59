/* The runtime side of a service. No client may be lost between two instances: the watch on the listeners is derived
 * from the state after each event, never toggled by hand, and it is level triggered, so clients that came meanwhile
 * activate the service at once. */
#include "engine/service/keeper.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/span.h"
#include "engine/core/watch.h"
#include "engine/launch/store.h"

static void on_timer(struct ev_loop *loop, ev_timer *timer, int events)
{
	(void)loop, (void)events;
	keeper_event(timer->data, TIMER);
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
	return keeper->instance_count >= (uint64_t)keeper->service->terms->gate->instances;
}

bool keeper_refuses(const struct keeper *keeper)
{
	return keeper->state == BACKOFF && keeper->backoff.failures && keeper->service->terms->life->backoff_refuse;
}

void keeper_rewatch(struct keeper *keeper)
{
	const struct activity *activity = keeper->activity;
	bool asking = activity && (activity->probing || activity->doubt || activity->noting);
	bool refuses = keeper_refuses(keeper);
	bool watching = (state_is_watching(keeper->state) || refuses) && !keeper->engine->quiet && !asking;

	for (size_t n = 0; n < keeper->listener_count; n++) {
		struct listener *listener = &keeper->listeners[n];
		bool wanted = !listener->busy && (!refuses || endpoint_accepts(listener->listen->endpoint));

		if (!listener->put_off || !watching || !wanted || !keeper_is_being_restored(keeper))
			listener_watch(listener, keeper->engine, keeper->service->name, watching && wanted);
	}
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

/* After a good end the next client starts a service; one without sockets superd starts itself. */
bool keeper_starts_again(const struct keeper *keeper)
{
	const struct what *what = keeper->service->what;

	return what->start == START_BOOT && what->type != TYPE_ONESHOT && !keeper->listener_count &&
	       keeper->service->terms->ends->restart == RESTART_DEFAULT;
}

void keeper_start_anew(struct keeper *keeper)
{
	if (keeper->service->terms->ends->restart == RESTART_DEFAULT)
		keeper->started = false;
}

/* A start by `restart` is another matter: activity->eager has its time. */
static bool starts_at_boot(const struct keeper *keeper)
{
	const struct what *what = keeper->service->what;

	return what->start == START_BOOT && !what->accept && !keeper->halted &&
	       (!keeper->started || keeper_starts_again(keeper));
}

bool keeper_waits_for_order(const struct keeper *keeper)
{
	bool due = keeper->activity && keeper->activity->eager > 0;

	return !keeper->listener_count && !due && !starts_at_boot(keeper);
}

void keeper_start_timer(struct keeper *keeper, double seconds)
{
	keeper_stop_timer(keeper);
	ev_timer_set(&keeper->activity->timer, seconds, 0.);
	ev_timer_start(keeper->engine->loop, &keeper->activity->timer);
}

/* true: the pause of `restart` is over, and the service starts again by itself. Else sets the timer to its end. */
static bool is_due(struct keeper *keeper)
{
	const struct activity *activity = keeper->activity;
	double left = activity && activity->eager > 0 ? activity->eager - clock_now() : 0;

	if (left > 0)
		keeper_start_timer(keeper, left);
	return activity && activity->eager > 0 && left <= 0;
}

/* Clients that were accepted before a pause come first after it. */
static void serve_parked(struct keeper *keeper)
{
	for (size_t n = 0; n < keeper->listener_count && keeper->state == LISTENING && !keeper->engine->quiet; n++) {
		if (keeper->listeners[n].parked)
			keeper->engine->actions->serve(keeper, &keeper->listeners[n]);
	}
}

/* In xinetd's words, which log watchers know. */
static void say_end_of_rest(struct keeper *keeper)
{
	struct event event = { .name = "resumed", .service = keeper->service->name, .is_alone = true };

	if (!keeper->activity || !keeper->activity->deactivated)
		return;
	keeper->activity->deactivated = false;
	log_event(keeper->engine->log, LEVEL_NOTICE, &event, "Activating service %s", event.service);
}

static void do_watch(struct keeper *keeper)
{
	keeper_stop_timer(keeper);
	say_end_of_rest(keeper);
	if (!keeper_is_complete(keeper)) {
		keeper_event(keeper, BIND_ERROR);
	} else if (keeper->held) {
		keeper_event(keeper, HOLD);
	} else if (keeper->service->what->accept && keeper_is_full(keeper) &&
		   keeper->service->terms->gate->overload == OVERLOAD_QUEUE) {
		keeper_event(keeper, FILLED);
	} else if (keeper->service->what->accept) {
		serve_parked(keeper);
	} else if (!keeper->engine->quiet && starts_at_boot(keeper)) {
		keeper->started = true;
		keeper_event(keeper, ACTIVITY);
	} else if (!keeper->engine->quiet && ((keeper->activity && keeper->activity->left) || is_due(keeper))) {
		keeper_event(keeper, ACTIVITY);
	}
}

/* Logs a failure and the pause after it in one line. */
static void say_pause(struct keeper *keeper, double pause)
{
	struct activity *activity = keeper->activity;
	bool comes_back = keeper->state == BINDING || !keeper_waits_for_order(keeper);
	const char *failed = activity->untold;
	struct event event = {
		.name = failed ? failed : "pause", .service = keeper->service->name, .reason = activity->reason,
		.has_duration = comes_back, .duration = pause,
	};
	char span[SPAN_MOST], next[80] = "not started again by itself";

	activity->untold = NULL;
	if (comes_back)
		snprintf(next, sizeof(next), "next %s in %s", keeper->state == BINDING ? "try" : "start",
			 span_write(span, pause));
	if (failed)
		log_event(keeper->engine->log, LEVEL_ERROR, &event, "%s; %s", activity->reason, next);
	else
		log_event(keeper->engine->log, LEVEL_NOTICE, &event, "%s: %s", next, activity->reason);
}

static void do_wait(struct keeper *keeper)
{
	const struct life *life = keeper->service->terms->life;
	double pause =
		backoff_next(&keeper->backoff, life->backoff_min, life->backoff_max, engine_chance(keeper->engine));

	if (!keeper_activity(keeper)) {
		keeper->engine->on_starved(keeper->engine);
		return;
	}
	say_pause(keeper, pause);
	keeper_start_timer(keeper, pause);
	for (size_t n = 0; n < keeper->listener_count && keeper_refuses(keeper) && !keeper->engine->quiet; n++)
		keeper->engine->actions->turn_away(keeper, &keeper->listeners[n]);
}

void keeper_close_listeners(struct keeper *keeper)
{
	keeper->engine->actions->end_twins(keeper);
	for (size_t n = 0; n < keeper->listener_count; n++)
		listener_close(&keeper->listeners[n], keeper->engine);
}

static void end_listeners(struct keeper *keeper)
{
	if (!keeper->engine->actions->before_close(keeper, keeper_close_listeners))
		keeper_close_listeners(keeper);
}

/* The reset of a closing listener may be quicker than a client's connect(2), so waiting clients are accepted and
 * refused first. */
static void shut_out(struct keeper *keeper)
{
	for (size_t n = 0; n < keeper->listener_count && !keeper->service->what->accept; n++)
		keeper->engine->actions->turn_away(keeper, &keeper->listeners[n]);
	keeper_close_listeners(keeper);
}

static void do_close(struct keeper *keeper)
{
	keeper_stop_timer(keeper);
	end_listeners(keeper);
	keeper->engine->actions->retire(keeper, !keeper_lets_go(keeper));       /* of sockets of its address */
	keeper->engine->actions->tidy(keeper);
	if (keeper->activity) {
		store_empty(keeper->activity->means.store);
		means_free(&keeper->activity->means, keeper->engine);
	}
}

static void do_withdraw(struct keeper *keeper)
{
	bool lets_go = keeper_lets_go(keeper);

	keeper_stop_timer(keeper);
	end_listeners(keeper);
	keeper_end_answering(keeper);
	keeper->engine->actions->retire(keeper, !lets_go);
	if (keeper->service->what->accept) {
		if (lets_go || keeper_is_empty(keeper))
			keeper_event(keeper, GONE);
	} else if (lets_go || !keeper->activity || !keeper->activity->current) {
		keeper_event(keeper, EXITED);
	}
}

/* The instance of a removed service has ended: no other follows. */
static bool is_over(const struct keeper *keeper, enum action action)
{
	return keeper->removed && (action == BIND || action == WATCH || action == WAIT || action == REST);
}

static void perform(struct keeper *keeper, enum action action, enum happening cause)
{
	if (is_over(keeper, action)) {
		keeper_event(keeper, DISABLE);
		return;
	}
	switch (action) {
	case BIND:
		if (!keeper->engine->actions->before_open(keeper))
			keeper_event(keeper, keeper_bind(keeper) ? BOUND : BIND_ERROR);
		break;
	case WATCH:
		do_watch(keeper);
		break;
	case SPAWN:
		keeper->engine->actions->spawn(keeper);
		break;
	case NOTE:
		keeper->engine->actions->note(keeper);
		break;
	case WAIT:
		do_wait(keeper);
		break;
	case REST:
		if (keeper->activity->closes)
			shut_out(keeper);
		list_remove(&keeper->activity->lacking);        /* this pause is not for want of descriptors */
		keeper_start_timer(keeper, keeper->activity->rest);
		break;
	case STOP:
		keeper->engine->actions->stop(keeper, cause);
		break;
	case KILL:
		keeper->engine->actions->kill(keeper);
		break;
	case SLEEP:
		keeper->engine->actions->sleep(keeper);
		break;
	case THAW:
		keeper->engine->actions->wake(keeper);
		break;
	case WITHDRAW:
		do_withdraw(keeper);
		break;
	case CLOSE:
		do_close(keeper);
		break;
	case DISMISS:
		keeper->engine->actions->dismiss(keeper);
		break;
	case SERVE:             /* keeper_on_ready knows the listener and does it */
	case IGNORE:
	case IMPOSSIBLE:
	case ACTIONS:
		break;
	}
}

static void say_transition(struct keeper *keeper, enum happening happening, struct step step)
{
	struct event event = { .name = "transition", .service = keeper->service->name };

	if (log_wants(keeper->engine->log, LEVEL_DEBUG))
		log_event(keeper->engine->log, LEVEL_DEBUG, &event, "%s --%s--> %s, %s", state_name(keeper->state),
			  happening_name(happening), state_name(step.next), action_name(step.action));
}

/* An operator may wait for the change. */
static void tell_change(struct keeper *keeper)
{
	watch_wake_changes(keeper->engine);
}

void keeper_check_over(struct keeper *keeper)
{
	keeper_end_drain(keeper);
	tell_change(keeper);
	if (keeper->state == OFF && keeper_is_empty(keeper) && !keeper->engine->actions->is_opening(keeper) &&
	    (keeper->removed || keeper->engine->stopping))
		keeper->engine->on_gone(keeper->engine, keeper);
}

/* A service that only listens, or is off, has no activity, which saves memory. */
static void leave_state(struct keeper *keeper, enum state next)
{
	bool needs_none = next == OFF || next == BINDING || next == LISTENING;
	struct activity *activity = needs_none ? keeper->activity : keeper_activity(keeper);

	keeper->since = clock_now();
	if (activity)
		spent_leave(&activity->spent, (enum state)keeper->state, keeper->since);
}

void keeper_event(struct keeper *keeper, enum happening happening)
{
	struct step step = transition(keeper->service->what->accept, keeper->state, happening);
	struct event event = { .name = "bug", .service = keeper->service->name };

	if (step.action == IMPOSSIBLE) {
		log_event(keeper->engine->log, LEVEL_ERROR, &event,
			  "no transition from %s by %s: this is a bug of superd", state_name(keeper->state),
			  happening_name(happening));
		return;
	}
	say_transition(keeper, happening, step);
	if (keeper->state != step.next)
		leave_state(keeper, step.next);
	keeper->state = step.next;
	keeper->bound |= happening == BOUND;
	keeper->halted = (keeper->halted || happening == HALT) && step.action != SPAWN;
	perform(keeper, step.action, happening);
	keeper_rewatch(keeper);
	if (!keeper->service->what->accept)
		keeper->engine->actions->follow(keeper);
	tell_change(keeper);
}

struct keeper *keeper_new(struct engine *engine, struct table *table, const struct service *service)
{
	struct keeper *keeper = calloc(1, sizeof(*keeper));

	if (!keeper)
		return NULL;
	if (service->socket_count) {
		keeper->listeners = calloc(service->socket_count, sizeof(*keeper->listeners));
		if (!keeper->listeners) {
			free(keeper);
			return NULL;
		}
	}
	keeper->engine = engine;
	keeper->table = table;
	table->users++;
	keeper->service = service;
	keeper->listener_count = (unsigned)service->socket_count;
	for (size_t n = 0; n < keeper->listener_count; n++)
		listener_init(&keeper->listeners[n], engine, &service->sockets[n], keeper_on_ready, keeper);
	keeper->since = clock_now();
	return keeper;
}

void keeper_free(struct keeper *keeper)
{
	if (!keeper)
		return;
	if (keeper->activity && keeper->activity->opening)
		keeper->engine->actions->forget_opening(keeper);
	if (keeper->activity && keeper->activity->refresh)
		keeper->engine->actions->forget_refresh(keeper);
	if (keeper->engine->first == keeper)
		keeper->engine->first = NULL;
	keeper_stop_timer(keeper);
	if (keeper->activity)
		ev_timer_stop(keeper->engine->loop, &keeper->activity->taking);
	if (keeper->activity && keeper->activity->idle)
		keeper->engine->actions->forget_idle(keeper);
	keeper->engine->actions->forget_ward(keeper);
	keeper_close_listeners(keeper);
	if (keeper->activity)
		means_free(&keeper->activity->means, keeper->engine);
	keeper->engine->actions->abandon(keeper);
	if (keeper->activity)
		store_free(keeper->activity->means.store);
	if (keeper->activity)
		list_remove(&keeper->activity->leaving);
	if (keeper->activity)
		list_remove(&keeper->activity->lacking);
	if (keeper->activity && !keeper->service->what->accept)
		group_forget(keeper->engine, keeper->service);
	table_release(keeper->table);
	if (keeper->activity)
		backlog_free(&keeper->activity->backlog);
	if (keeper->activity)
		failures_free(&keeper->activity->failed);
	free(keeper->activity);
	free(keeper->listeners);
	free(keeper);
}
