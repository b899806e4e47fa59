/* The runtime side of a service. No client may be lost between two instances: the watch on the listeners is derived
 * from the state after each event, never toggled by hand, and it is level triggered, so clients that came meanwhile
 * activate the service at once. */
#include "engine/service/keeper.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/duration_text.h"
#include "engine/accept/serve.h"
#include "engine/core/watch.h"
#include "engine/freeze/frost.h"
#include "engine/idle/idle.h"
#include "engine/instance/leavings.h"
#include "engine/launch/store.h"
#include "engine/service/keeper_bind.h"
#include "engine/service/opening.h"
#include "engine/service/run.h"
#include "engine/service/ward.h"

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
			serve_ready(keeper, &keeper->listeners[n]);
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
	} else if (keeper->service->exec->accept && keeper_is_full(keeper) &&
		   keeper->service->groups->access->overload == OVERLOAD_QUEUE) {
		keeper_event(keeper, FILLED);
	} else if (keeper->service->exec->accept) {
		serve_parked(keeper);
	} else if (!keeper->engine->quiet && keeper_starts_at_boot(keeper)) {
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
	char span[DURATION_MOST], next[80] = "not started again by itself";

	activity->untold = NULL;
	if (comes_back)
		snprintf(next, sizeof(next), "next %s in %s", keeper->state == BINDING ? "try" : "start",
			 duration_write(span, pause));
	if (failed)
		log_event(keeper->engine->log, LEVEL_ERROR, &event, "%s; %s", activity->reason, next);
	else
		log_event(keeper->engine->log, LEVEL_NOTICE, &event, "%s: %s", next, activity->reason);
}

static void do_wait(struct keeper *keeper)
{
	const struct lifecycle_options *lifecycle = keeper->service->groups->lifecycle;
	double pause = backoff_next(&keeper->backoff, lifecycle->backoff_min, lifecycle->backoff_max,
				    engine_chance(keeper->engine));

	if (!keeper_activity(keeper)) {
		keeper->engine->starved = true;
		events_feed(keeper->engine);
		return;
	}
	say_pause(keeper, pause);
	keeper_start_timer(keeper, pause);
	for (size_t n = 0; n < keeper->listener_count && keeper_refuses(keeper) && !keeper->engine->quiet; n++)
		serve_turn_away(keeper, &keeper->listeners[n]);
}

static void end_listeners(struct keeper *keeper)
{
	if (!opening_end(keeper))
		keeper_close_listeners(keeper);
}

/* The reset of a closing listener may be quicker than a client's connect(2), so waiting clients are accepted and
 * refused first. */
static void shut_out(struct keeper *keeper)
{
	for (size_t n = 0; n < keeper->listener_count && !keeper->service->exec->accept; n++)
		serve_turn_away(keeper, &keeper->listeners[n]);
	keeper_close_listeners(keeper);
}

static void do_close(struct keeper *keeper)
{
	keeper_stop_timer(keeper);
	end_listeners(keeper);
	run_retire(keeper, !keeper_lets_go(keeper));       /* of sockets of its address */
	leavings_remove_last(keeper);
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
	run_end_answering(keeper);
	run_retire(keeper, !lets_go);
	if (keeper->service->exec->accept) {
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
		if (!opening_begin(keeper))
			keeper_event(keeper, keeper_bind(keeper) ? BOUND : BIND_ERROR);
		break;
	case WATCH:
		do_watch(keeper);
		break;
	case SPAWN:
		run_spawn(keeper);
		break;
	case NOTE:
		run_note(keeper);
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
		run_stop(keeper, cause);
		break;
	case KILL:
		run_kill(keeper);
		break;
	case SLEEP:
		if (!frost_sleep(keeper))
			keeper_event(keeper, ENABLE);
		break;
	case THAW:
		frost_wake(keeper);
		break;
	case WITHDRAW:
		do_withdraw(keeper);
		break;
	case CLOSE:
		do_close(keeper);
		break;
	case DISMISS:
		run_dismiss(keeper);
		break;
	case SERVE:             /* keeper_on_ready knows the listener and does it */
	case IGNORE:
	case IMPOSSIBLE:
	case ACTIONS:
		break;
	}
}

void keeper_hold(struct keeper *keeper, bool held)
{
	keeper->held = held;
	keeper_event(keeper, held ? HOLD : RELEASE);
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
	struct step step = transition(keeper->service->exec->accept, keeper->state, happening);
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
	if (!keeper->service->exec->accept)
		idle_follow(keeper);
	tell_change(keeper);
}

/* A listener was put back, or could not be opened anew. */
static void on_restored(struct keeper *keeper)
{
	bool opens = keeper->state != OFF && keeper->state != BINDING && keeper->state != CLOSING;

	if (opens && !keeper_is_complete(keeper))
		keeper_event(keeper, BIND_ERROR);
	else
		keeper_rewatch(keeper);
}

void keeper_on_ready(struct ev_loop *loop, ev_io *io, int events)
{
	struct keeper *keeper = io->data;

	(void)loop;
	if (events & EV_CUSTOM)
		on_restored(keeper);
	if (!(events & EV_READ) || !ev_is_active(io))
		return;
	if (keeper_is_being_restored(keeper)) {
		listener_put_off(container_of(io, struct listener, io), keeper->engine);
		return;
	}
	if (keeper_refuses(keeper)) {
		serve_turn_away(keeper, container_of(io, struct listener, io));
		return;
	}
	if (ward_off(keeper)) {
		keeper_rewatch(keeper);
		return;
	}
	keeper_event(keeper, ACTIVITY);
	if (!keeper->service->exec->accept)
		return;
	serve_ready(keeper, container_of(io, struct listener, io));
	keeper_rewatch(keeper);
}
