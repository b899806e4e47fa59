/* Performs the actions of the state tables. No client may be lost between two instances. So superd derives the watch
 * on the listeners from the state after each event, and never toggles it by hand. The watch is level triggered:
 * clients that came in the meantime start the service at once. */
#include "superd/service/runtime_event.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "lib/clock.h"
#include "lib/duration_text.h"
#include "os/socket/client.h"
#include "superd/service/accept.h"
#include "superd/service/accept_state.h"
#include "superd/service/fd_shortage.h"
#include "superd/service/limit_pause.h"
#include "superd/service/refuse.h"
#include "superd/service/socket_rest.h"
#include "superd/stop/activator.h"
#include "superd/stop/queue_notes.h"
#include "superd/stop/start_look.h"
#include "superd/instance/background.h"
#include "superd/instance/cleanup.h"
#include "superd/instance/warm_pool.h"
#include "superd/instance/fdstore.h"
#include "superd/socket/listeners.h"
#include "superd/loop/fd_watch.h"
#include "superd/instance/start_queue.h"
#include "superd/instance/wants.h"
#include "superd/service/runtime_bind.h"
#include "superd/service/shared_run.h"
#include "superd/service/socket_commands.h"
#include "superd/stop/freeze.h"
#include "superd/stop/idle.h"
#include "superd/stop/memory_pressure.h"
#include "superd/stop/stop.h"

/* SOCKETS_DUE follows in so many seconds at the latest. */
static void wait_for_rest(struct service_runtime *runtime, double seconds)
{
	struct ev_loop *loop = runtime->engine->loop;
	ev_timer *timer = &runtime->run->socket_timer;

	if (ev_is_active(timer) && ev_timer_remaining(loop, timer) <= seconds)
		return;
	ev_timer_stop(loop, timer);
	ev_timer_set(timer, seconds, 0.);
	ev_timer_start(loop, timer);
}

/* Restores what programs have had. false: RESTORED follows; until then the service takes no client, and starts
 * nothing. */
static bool reset_listeners(struct service_runtime *runtime)
{
	bool is_done = true;

	for (size_t n = 0; n < runtime->listener_count; n++) {
		if (!runtime->listeners[n].busy)
			is_done &= listener_reset(&runtime->listeners[n], runtime->engine, runtime->service->name,
						  runtime->state.run == RUN_FROZEN);
	}
	return is_done;
}

void runtime_rewatch(struct service_runtime *runtime)
{
	bool refuses = runtime_refuses(runtime);
	/* The answer to a query about the waiting clients decides whether they start the service. */
	bool is_asking = queue_notes_is_asking(runtime) || stop_is_noting(runtime);
	bool watching = (service_is_watched(runtime->state) || refuses) && !runtime->engine->quiet && !is_asking &&
		!background_serves(runtime) && reset_listeners(runtime);

	for (size_t n = 0; n < runtime->listener_count; n++) {
		struct listener *listener = &runtime->listeners[n];
		double rest = runtime->state.run == RUN_FROZEN ? 0 : socket_rest_left(runtime, listener);
		bool wanted = !listener->busy && rest <= 0 &&
			(!refuses || endpoint_accepts(listener->listen->endpoint));

		/* The next superd restores it again; and what a program has had that slept, may be another's now. But a
		 * stop may wait until its address is shared, and the end of that instance restores it. */
		if (runtime->engine->quiet || (listener->asleep && runtime->state.run != RUN_FROZEN &&
					       listener->hands != HANDS_SHARING))
			listener_recall(listener, runtime->engine);
		listener_watch(listener, runtime->engine, watching && wanted);
		if (rest > 0)
			wait_for_rest(runtime, rest);
	}
}

/* Whether the pause of `restart` is over, so that superd starts the service itself. If it is not over, sets the
 * timer. What its program has left in the background ends before; TIMER follows. Conditions of its closed sockets are
 * checked before; ENABLE follows. */
static bool is_due(struct service_runtime *runtime)
{
	double due = runtime_start_due(runtime), left = due > 0 ? due - clock_now() : 0;

	if (left > 0)
		runtime_start_timer(runtime, left);
	return due > 0 && left <= 0 && !background_is_ending(runtime) &&
	       !condition_query_is_under_way(runtime->run->conditions);
}

/* Serves parked clients, which were accepted before a pause, before new ones. Clients for which services were started
 * that this one wants are served at once, too: nothing else keeps these. */
static void accept_parked(struct service_runtime *runtime)
{
	for (size_t n = 0; n < runtime->listener_count && runtime_state(runtime) == LISTENING &&
		!runtime->engine->quiet; n++) {
		struct listener *listener = &runtime->listeners[n];
		bool waited = runtime->run && runtime->run->wants_since > 0 && listener_has_socket(listener);

		if (listener->parked || (waited && client_waits(listener->fd)))
			accept_ready(runtime, listener);
	}
}

/* Logs the end of a pause by cps, in xinetd's words, which log watchers know. */
static void log_pause_end(struct service_runtime *runtime)
{
	struct event event = { .name = "resumed", .service = runtime->service->name, .is_alone = true };

	if (!accept_state_find(runtime) || !runtime->run->accept->logs_end)
		return;
	runtime->run->accept->logs_end = false;
	log_event(runtime->engine->log, LEVEL_NOTICE, &event, "Activating service %s", event.service);
}

/* Whether superd asks if the clients that an instance has left in the queue are probes; ACTIVITY or LOOK follows. */
static bool asks_for_probes(struct service_runtime *runtime)
{
	return queue_notes_has_queue(runtime) && runtime_start_due(runtime) <= 0 && start_look_begin(runtime, false);
}

/* After the pause behind a failure: whether the next start repeats the failed one. If nobody waits for it any more, as
 * the clients were turned away, the next client wakes the service anew. */
static void look_for_retry(struct service_runtime *runtime)
{
	struct service_stats *stats = runtime->run ? &runtime->run->stats : NULL;

	if (stats && stats->retries)
		stats->retries = runtime_starts_at_boot(runtime) || runtime_start_due(runtime) > 0 ||
			queue_notes_count(runtime);
}

static void do_watch(struct service_runtime *runtime)
{
	runtime_stop_timer(runtime);
	log_pause_end(runtime);
	look_for_retry(runtime);
	if (!runtime_is_complete(runtime)) {
		runtime_event(runtime, BIND_ERROR);
	} else if (!service_is_wanted(runtime->state) ||
		   (!runtime->engine->quiet && !background_serves(runtime) && !reset_listeners(runtime))) {
		return;
	} else if (runtime->service->exec->accept && runtime_is_full(runtime) &&
		   runtime->service->groups->access->overload == OVERLOAD_QUEUE) {
		runtime_event(runtime, FILLED);
	} else if (runtime->service->exec->accept) {
		accept_parked(runtime);
	} else if (!runtime->engine->quiet && runtime_starts_at_boot(runtime)) {
		runtime->started = true;
		runtime_event(runtime, ACTIVITY);
	} else if (!runtime->engine->quiet && !asks_for_probes(runtime) &&
		   ((!background_serves(runtime) && queue_notes_has_queue(runtime)) || is_due(runtime))) {
		runtime_event(runtime, ACTIVITY);
	}
}

/* Logs a failure and the pause after it in one line. */
static void log_pause(struct service_runtime *runtime, double pause)
{
	struct service_run *run = runtime->run;
	bool leaves = runtime->engine->events.failed;   /* on_failure = exit */
	bool comes_back = !leaves && (runtime_state(runtime) == BINDING || !runtime_waits_for_order(runtime));
	const char *failed = run->unlogged_event;
	enum level level = !failed ? LEVEL_NOTICE : run->reason_logged ? LEVEL_DEBUG : LEVEL_ERROR;
	struct event event = {
		.name = failed ? failed : "pause", .service = runtime->service->name, .reason = runtime_reason(runtime),
		.has_duration = comes_back, .duration = pause,
	};
	char span[DURATION_MOST], next[80];

	run->unlogged_event = NULL;
	run->reason_logged = false;
	snprintf(next, sizeof(next), "not started again%s", leaves ? ", as superd ends" : " by itself");
	if (comes_back)
		snprintf(next, sizeof(next), "next %s in %s", runtime_state(runtime) == BINDING ? "try" : "start",
			 duration_write(span, pause));
	if (failed)
		log_event(runtime->engine->log, level, &event, "%s; %s", runtime_reason(runtime), next);
	else
		log_event(runtime->engine->log, level, &event, "%s: %s", next, runtime_reason(runtime));
}

static void do_wait(struct service_runtime *runtime, enum service_event cause)
{
	const struct lifecycle_options *lifecycle = runtime->service->groups->lifecycle;
	double pause = backoff_next(&runtime->backoff, lifecycle->backoff_min, lifecycle->backoff_max,
				    engine_random(runtime->engine));

	if (!runtime_make_run(runtime)) {
		events_starve(runtime->engine);
		return;
	}
	if (accept_state_find(runtime))
		runtime->run->accept->awaits_time = false;
	log_pause(runtime, pause);
	runtime_start_timer(runtime, pause);
	if (cause == EXEC_ERROR)
		fd_shortage_wait(runtime);
	for (size_t n = 0; n < runtime->listener_count && runtime_refuses(runtime) && !runtime->engine->quiet; n++)
		accept_turn_away(runtime, &runtime->listeners[n]);
}

static void open_sockets(struct service_runtime *runtime)
{
	if (!socket_commands_begin(runtime))
		runtime_event(runtime, runtime_bind(runtime) ? BOUND : BIND_ERROR);
}

static void on_conditions_checked(struct condition_query *query)
{
	struct service_runtime *runtime = query->context;

	runtime_judge_sockets(runtime, query);
	if (runtime_state(runtime) == BINDING) {
		open_sockets(runtime);
		return;
	}
	runtime_open_absent(runtime);
	if (runtime->state.run == RUN_IDLE && runtime_start_due(runtime) > 0)
		runtime_event(runtime, ENABLE);
	else
		runtime_rewatch(runtime);
}

bool runtime_forget_conditions(struct service_runtime *runtime)
{
	bool is_under_way = runtime->run && condition_query_is_under_way(runtime->run->conditions);

	if (runtime->run) {
		condition_query_free(runtime->run->conditions);
		runtime->run->conditions = NULL;
	}
	return is_under_way;
}

/* Has the conditions of closed sockets checked. true: on_conditions_checked follows, or a new try. */
static bool check_conditions(struct service_runtime *runtime, bool all)
{
	struct condition_query *query;

	if (!all && runtime->run && condition_query_is_under_way(runtime->run->conditions))
		return true;
	runtime_forget_conditions(runtime);
	query = condition_query_begin(runtime->engine, runtime->listeners, runtime->listener_count, all);
	if (!query && !errno)
		return false;
	if (!query || !runtime_make_run(runtime)) {
		condition_query_free(query);
		if (runtime->run && runtime_state(runtime) == BINDING)
			runtime_start_timer(runtime, 1.);
		else
			events_starve(runtime->engine);
		return true;
	}
	query->answered = on_conditions_checked;
	query->context = runtime;
	runtime->run->conditions = query;
	return true;
}

void runtime_look_for_absent(struct service_runtime *runtime, bool all)
{
	if (runtime->state.sockets == SOCKETS_OPEN && !check_conditions(runtime, all))
		runtime_open_absent(runtime);
}

static void end_listeners(struct service_runtime *runtime)
{
	runtime_forget_conditions(runtime);
	if (!socket_commands_end(runtime))
		runtime_close_listeners(runtime);
}

/* Accepts and refuses waiting clients before the listener closes: a closing listener may reset a client before its
 * connect(2) returns. */
void runtime_close_resting(struct service_runtime *runtime)
{
	for (size_t n = 0; n < runtime->listener_count; n++) {
		struct listener *listener = &runtime->listeners[n];

		if (!listener_has_socket(listener) || !socket_rest_closes(runtime, listener))
			continue;
		if (!runtime->service->exec->accept)
			accept_turn_away(runtime, listener);
		refuse_parked(listener, REFUSED_RATE);
		listener_close(listener, runtime->engine);
		listener_set_absence(listener, ABSENT_RESTS);
	}
	runtime_rewatch(runtime);
}

void runtime_look_at_sockets(struct service_runtime *runtime)
{
	runtime_look_for_absent(runtime, false);
	accept_parked(runtime);
	runtime_rewatch(runtime);
}

static void do_close(struct service_runtime *runtime)
{
	runtime_stop_timer(runtime);
	end_listeners(runtime);
	/* Instances of an earlier entry may still have sockets. */
	shared_run_retire(runtime, !runtime_keeps_instances(runtime));
	cleanup_remove_last(runtime);
	if (runtime->run) {
		fdstore_empty(runtime->run->kit.store);
		start_kit_free(&runtime->run->kit);
	}
}

static void do_withdraw(struct service_runtime *runtime)
{
	bool keeps_instances = runtime_keeps_instances(runtime);

	runtime_stop_timer(runtime);
	end_listeners(runtime);
	shared_run_end_answering(runtime);
	shared_run_retire(runtime, !keeps_instances);
	if (runtime->service->exec->accept) {
		if (keeps_instances || runtime_is_empty(runtime))
			runtime_event(runtime, GONE);
	} else if (keeps_instances || !runtime_current(runtime)) {
		runtime_event(runtime, EXITED);
	}
}

static void perform_action(struct service_runtime *runtime, enum action action, enum service_event cause)
{
	bool for_client = cause == ACTIVITY;
	char peer[ACTIVATOR_PEER] = "";

	/* The instance of a removed service has ended, so no other follows. */
	if (runtime_is_removed(runtime) && (action == BIND || action == WATCH || action == WAIT || action == REST)) {
		runtime_event(runtime, SHUTDOWN);
		return;
	}
	switch (action) {
	case BIND:
		runtime_stop_timer(runtime);
		if (!check_conditions(runtime, true))
			open_sockets(runtime);
		break;
	case WATCH:
		do_watch(runtime);
		break;
	case SPAWN:
		shared_run_spawn(runtime);
		break;
	case NOTE:
		shared_run_note(runtime);
		break;
	case WAIT:
		do_wait(runtime, cause);
		break;
	case REST:
		runtime_start_timer(runtime, limit_pause_seconds(runtime));
		break;
	case STOP:
		shared_run_stop(runtime, cause);
		break;
	case KILL:
		shared_run_kill(runtime);
		break;
	case SLEEP:
		if (!freeze_sleep(runtime))
			runtime_event(runtime, ENABLE);
		break;
	case THAW:
		if (for_client)
			activator_look(runtime, peer);
		freeze_wake(runtime);
		if (for_client)
			activator_ask_thawed(runtime, peer);
		break;
	case WITHDRAW:
		do_withdraw(runtime);
		break;
	case CLOSE:
		do_close(runtime);
		break;
	case DISMISS:
		shared_run_dismiss(runtime);
		break;
	case SERVE:             /* runtime_on_ready knows the listener, and accepts */
	case IGNORE:
	case IMPOSSIBLE:
	case ACTIONS:
		break;
	}
}

static void log_transition(struct service_runtime *runtime, enum service_event service_event,
			   const struct service_step *step)
{
	struct event event = { .name = "transition", .service = runtime->service->name };

	if (log_wants(runtime->engine->log, LEVEL_DEBUG))
		log_event(runtime->engine->log, LEVEL_DEBUG, &event, "%s --%s--> %s, %s",
			  state_name(runtime_state(runtime)),
			  service_event_name(service_event), state_name(state_of(step->next)),
			  action_name(step->action));
}

/* Counts the time in the state that the service leaves. A service that only listens, or is off or on its way there, has
 * no struct service_run, which saves memory. */
static void leave_state(struct service_runtime *runtime, enum state next)
{
	bool needs_none = next == OFF || next == BINDING || next == LISTENING || next == CLOSING;
	struct service_run *run = needs_none ? runtime->run : runtime_make_run(runtime);

	runtime_note_phase(runtime);
	if (run && runtime_state(runtime) == LISTENING)
		run->slept = clock_now() - runtime->since;
	runtime->since = clock_now();
	if (runtime->run)
		list_remove(&runtime->run->fd_wait);
	if (run)
		state_times_leave(&run->stats.state_times, runtime_state(runtime), runtime->since);
}

/* Bounds the starts of services that do not accept themselves: ACTIVITY, or ROOM for a service in line, is FILLED
 * instead while services that it wants start, enough others do, or memory is short. If its place in line cannot be
 * allocated, the service does not wait. */
static enum service_event wait_in_line(struct service_runtime *runtime, enum service_event service_event)
{
	bool arrives = service_event == ACTIVITY && runtime->state.run == RUN_IDLE;
	bool waits = service_event == ROOM && runtime->state.run == RUN_QUEUED;

	if ((!arrives && !waits) || runtime->service->exec->accept || !service_is_wanted(runtime->state) ||
	    !runtime_make_run(runtime))
		return service_event;
	if (arrives)
		runtime->run->stats.last_request = clock_now();
	if (wants_wait(runtime)) {
		start_queue_leave(runtime);     /* those that it waits for may need its place */
		return FILLED;
	}
	memory_pressure_look(runtime->engine);
	return start_queue_take(runtime) ? service_event : FILLED;
}

void runtime_event(struct service_runtime *runtime, enum service_event service_event)
{
	struct event event = { .name = "bug", .service = runtime->service->name };
	struct service_step step;

	service_event = wait_in_line(runtime, service_event);
	step = service_transition(runtime->service->exec->accept, runtime->state, service_event);
	if (step.action == IMPOSSIBLE) {
		log_event(runtime->engine->log, LEVEL_ERROR, &event,
			  "no transition from %s by %s: this is a bug of superd", state_name(runtime_state(runtime)),
			  service_event_name(service_event));
		return;
	}
	log_transition(runtime, service_event, &step);
	if (runtime_state(runtime) != state_of(step.next))
		leave_state(runtime, state_of(step.next));
	runtime->state = step.next;
	runtime_note_phase(runtime);
	if (step.action != SERVE)       /* else nothing has changed yet that must be saved before a start */
		runtime_note_change(runtime);
	runtime->bound |= service_event == BOUND;
	runtime->halted = (runtime->halted || service_event == HALT) && step.action != SPAWN;
	start_queue_follow(runtime);
	if (service_event == HALT)
		warm_pool_halt(runtime);
	if (service_event == HALT || service_event == DISABLE || service_event == SHUTDOWN)
		background_end(runtime);
	perform_action(runtime, step.action, service_event);
	runtime_note_phase(runtime);
	runtime_rewatch(runtime);
	if (!runtime->service->exec->accept)
		idle_follow(runtime);
	warm_pool_follow(runtime);
	wants_follow(runtime);
	watch_wake_changes(runtime->engine);    /* operators wait for a change of state */
	if (step.action != SERVE)
		runtime_note_change(runtime);
}

void runtime_on_restored(struct listener *listener)
{
	runtime_post(listener->runtime, RESTORED);
}

void runtime_hear_restored(struct service_runtime *runtime)
{
	enum state state = runtime_state(runtime);
	bool opens = state != OFF && state != BINDING && state != CLOSING;

	for (size_t n = 0; n < runtime->listener_count && !runtime->service->exec->accept; n++)
		refuse_parked(&runtime->listeners[n], REFUSED_BACKOFF);         /* as listener_take has left them */
	if (opens && !runtime_is_complete(runtime))
		runtime_event(runtime, BIND_ERROR);
	else if (runtime->state.run == RUN_IDLE && opens && !runtime_is_being_restored(runtime))
		runtime_event(runtime, ENABLE);
	else
		runtime_rewatch(runtime);
	if (runtime_is_being_restored(runtime))
		return;
	if (runtime_current(runtime)) {
		stop_go_on(runtime);
		runtime_post(runtime, DRAIN_DUE);
	}
	watch_wake_changes(runtime->engine);    /* an order that had to wait has begun, a reload has its result */
}

void runtime_on_ready(struct ev_loop *loop, ev_io *io, int events)
{
	struct listener *listener = listeners_find_ready(io);
	struct service_runtime *runtime = listener ? listener->runtime : NULL;

	(void)loop, (void)events;
	if (!listener)
		return;
	if (runtime_refuses(runtime)) {
		accept_turn_away(runtime, listener);
		return;
	}
	if (stop_is_noting(runtime) || start_look_begin(runtime, true)) {
		runtime_rewatch(runtime);
		return;
	}
	runtime_event(runtime, ACTIVITY);
	if (!runtime->service->exec->accept)
		return;
	accept_ready(runtime, listener);
	runtime_note_change(runtime);
	runtime_rewatch(runtime);
	wants_follow(runtime);
}
