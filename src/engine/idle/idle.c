/* Measures how long a backend has had no clients, and applies idle_action to it. The phases are in
 * engine/idle/idle_internal.
 *
 * A client may come at any moment between a count and the action that follows from it. So a connection that ends
 * during a count counts as a client, and superd lets a backend go only when its processes stand still and a last
 * count finds none. Any change of the runtime's state ends all of this. */
#include "engine/idle/idle.h"

#include <math.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/duration_text.h"
#include "engine/drain/drain.h"
#include "engine/drain/drain_snapshot.h"
#include "engine/freeze/freeze.h"
#include "engine/idle/idle_internal.h"
#include "engine/instance/instance.h"
#include "engine/runtime/service_list.h"

#define PARTS 4                         /* counts in an idle_timeout, if the kernel does not report ended connections */
#define GRID 16                         /* parts of an idle_timeout to which timers are rounded up, to coincide */
#define FEW 16                          /* ended connections before the next count; with more superd stops to listen */
#define CROWD 64                        /* parts of an idle_timeout: a crowd that was USED for less than one goes on */
#define PATIENCE_PART 8                 /* parts of an idle_timeout: a count may come one of them late */
#define ALMOST 0.001                    /* seconds that a timer may be early */
#define MOST_AT_ONCE 32                 /* backends that are let go at the same time, of all services; others wait */
#define LATER 0.05                      /* seconds that those wait */
#define DRAINING 4                      /* looks in an idle_timeout while another instance serves earlier clients */

static const struct lifecycle_options *life_of(const struct idle *idle)
{
	return idle->runtime->service->groups->lifecycle;
}

static bool is_letting_go(const struct idle *idle)
{
	return idle->phase == IDLE_FREEZING || idle->phase == IDLE_LAST_COUNT;
}

/* The backend is left alone until this time (loop clock, seconds): min_awake after its start or thaw. */
static double awake_until(const struct idle *idle)
{
	const struct freeze_times *times = freeze_times(idle->runtime);
	double last = fmax(runtime_stats(idle->runtime)->last_start, times->last_thaw);
	double until = last + (double)life_of(idle)->min_awake / 1e6;

	return life_of(idle)->idle_action == IDLE_FREEZE ? fmax(until, freeze_rested(times)) : until;
}

static void stop_timer(struct idle *idle)
{
	ev_timer_stop(idle->runtime->engine->loop, &idle->timer);
}

static void wake_in(struct idle *idle, double wait)
{
	stop_timer(idle);
	ev_timer_set(&idle->timer, fmax(wait, ALMOST), 0.);
	ev_timer_start(idle->runtime->engine->loop, &idle->timer);
}

/* Rounded up, so that services with the same idle_timeout are counted by one question. */
static void start_timer(struct idle *idle, double wait)
{
	double grid = idle->timeout / GRID, now = clock_now();

	wake_in(idle, ceil((now + wait) / grid) * grid - now);
}

/* For the end of the time since a moment. */
static void count_down(struct idle *idle, double since)
{
	start_timer(idle, fmax(since + idle->timeout, awake_until(idle)) - clock_now());
}

/* Listens in every phase but DEAF. After an upgrade a backend that slept is POSTPONED as frozen, and will be again. */
static void enter(struct idle *idle, enum idle_phase phase)
{
	struct engine *engine = idle->runtime->engine;

	engine->service_list->idle_stops -= is_letting_go(idle);
	idle->phase = phase;
	engine->service_list->idle_stops += is_letting_go(idle);
	idle->entered = clock_now();
	idle->touched = false;
	if (!is_letting_go(idle) && phase != POSTPONED)
		freeze_stay_awake(idle->runtime);
	stop_timer(idle);
	if (phase == DEAF)
		close_events_end(&idle->departed, engine, true);
	else
		close_events_begin(&idle->departed, engine);
}

/* A backend whose connections end all the time is counted once in an idle_timeout, and hears of no single end. */
static void turn_deaf(struct idle *idle)
{
	idle->crowd = true;
	enter(idle, DEAF);
	start_timer(idle, idle->timeout);
}

/* A connection has ended. A crowd that comes and goes is known by many ends. Once it was there, one end is enough that
 * comes during a count, or soon after a count that found clients. */
static void cool_down(struct idle *idle)
{
	bool soon = idle->touched ||
		    (idle->phase == IDLE_HAS_CLIENTS && clock_now() - idle->entered < idle->timeout / CROWD);

	idle->since = 0;
	if (idle->heard > FEW || (idle->crowd && soon)) {
		turn_deaf(idle);
		return;
	}
	idle->crowd = false;
	enter(idle, IDLE_NOT_COUNTED);
	count_down(idle, idle->left);
}

static void look_later(struct idle *idle)
{
	enter(idle, IDLE_POLLING);
	start_timer(idle, idle->timeout / PARTS);
}

/* For the end of a connection, without a timer; or for the next count, if no end is reported. */
static void wait_for_departure(struct idle *idle, enum idle_phase phase)
{
	if (idle->looks)
		look_later(idle);
	else
		enter(idle, phase);
}

static void listen_in(struct idle *idle)
{
	service_clients_prepare(&idle->visitors);
	service_clients_begin(&idle->visitors);
	idle->looks = !close_events_is_possible(idle->runtime->engine) || !service_clients_is_told_of(&idle->visitors);
}

/* Before the first count it is unknown whether clients are connected. */
static void begin(struct idle *idle)
{
	listen_in(idle);
	idle->since = 0;
	idle->left = clock_now();
	idle->heard = 0;
	if (idle->looks)
		look_later(idle);
	else
		cool_down(idle);
}

/* Listens before it counts, so that no connection ends unheard between the two; the sockets may be others by now. In a
 * crowd some connection ends during every count, so DEAF does not listen even now. The last count must not wait, as the
 * backend stands still. */
static void ask(struct idle *idle)
{
	struct conn_query *query = &idle->visitors.query;

	idle->touched = false;
	service_clients_prepare(&idle->visitors);
	drain_snapshot_spare(query);
	if (idle->phase != DEAF)
		close_events_begin(&idle->departed, idle->runtime->engine);
	query->due = idle->phase == IDLE_LAST_COUNT ? 0 : clock_now() + idle->timeout / PATIENCE_PART;
	if (conn_query_start(query))
		return;
	freeze_thaw(idle->runtime);             /* no memory: later */
	start_timer(idle, idle->timeout);
}

/* It names the idle_timeout; the event has the time that was measured. */
static void say(const struct idle *idle, enum level level, const char *what)
{
	const struct service_runtime *runtime = idle->runtime;
	struct event event = {
		.name = "idle", .service = runtime->service->name, .pid = runtime_current(runtime)->pid,
		.has_duration = true, .duration = clock_now() - idle->since,
	};
	char span[DURATION_MOST];

	log_event(runtime->engine->log, level, &event, "%s pid %ld: nobody has been connected for %s", what,
		  (long)event.pid, duration_write(span, (double)life_of(idle)->idle_timeout / 1e6));
}

/* If the processes cannot be frozen, idle_action = stop counts while they run. */
static void on_settled(struct service_runtime *runtime, bool frozen)
{
	struct idle *idle = runtime->run->idle;

	if (!idle || idle->phase != IDLE_FREEZING)
		return;
	if (frozen || life_of(idle)->idle_action == IDLE_STOP) {
		enter(idle, IDLE_LAST_COUNT);
		ask(idle);
	} else {
		begin(idle);
	}
}

/* No client was connected for long enough. A backend that cannot be frozen now, because it reads its configuration,
 * counts as busy. */
static void act(struct idle *idle)
{
	if (life_of(idle)->idle_action == IDLE_REPORT) {
		if (!idle->reported)
			say(idle, LEVEL_NOTICE, "would stop");
		idle->reported = true;
		wait_for_departure(idle, IDLE_WAS_REPORTED);
	} else if (life_of(idle)->idle_action == IDLE_STOP && drain_is_under_way(idle->runtime)) {
		enter(idle, IDLE_NO_CLIENTS);   /* the draining instance has the second sockets that a stop needs */
		start_timer(idle, idle->timeout / DRAINING);
	} else if (idle->runtime->engine->service_list->idle_stops >= MOST_AT_ONCE) {
		enter(idle, POSTPONED);
		wake_in(idle, LATER);
	} else {
		enter(idle, IDLE_FREEZING);
		if (!freeze_begin(idle->runtime, on_settled))
			begin(idle);
	}
}

/* The last count has found a client. */
static void go_on(struct idle *idle)
{
	struct event event = {
		.name = "idle", .service = idle->runtime->service->name, .pid = runtime_current(idle->runtime)->pid
	};

	freeze_thaw(idle->runtime);
	log_event(idle->runtime->engine->log, LEVEL_INFO, &event,
		  "pid %ld goes on: somebody came at the last moment", (long)event.pid);
	idle->since = 0;
	wait_for_departure(idle, IDLE_HAS_CLIENTS);
}

static struct idle_saved *make_saved(struct service_runtime *runtime)
{
	struct service_run *run = runtime->run;

	if (!run->idle_saved)
		run->idle_saved = calloc(1, sizeof(*run->idle_saved));
	return run->idle_saved;
}

static const struct idle_saved *saved_of(const struct service_runtime *runtime)
{
	static const struct idle_saved nothing;

	return runtime->run && runtime->run->idle_saved ? runtime->run->idle_saved : &nothing;
}

static void free_saved(struct service_runtime *runtime)
{
	free(runtime->run->idle_saved);
	runtime->run->idle_saved = NULL;
}

/* The last count has found none. Posts STILLED or IDLE, which end the measuring. */
static void let_go(struct idle *idle)
{
	struct service_runtime *runtime = idle->runtime;

	if (life_of(idle)->idle_action == IDLE_FREEZE) {
		if (make_saved(runtime))
			runtime->run->idle_saved->unused_since = idle->since;
		runtime_post(runtime, STILLED);
		return;
	}
	if (drain_is_under_way(runtime)) {      /* its clients could not be told from those that come now */
		freeze_thaw(runtime);
		begin(idle);
		return;
	}
	say(idle, LEVEL_INFO, "stopping");
	runtime->run->stats.idle_stops++;
	runtime_post(runtime, IDLE);
}

/* A connection has ended for which there is nothing to do now, as the clients are being counted or will be. */
static void touch(struct idle *idle)
{
	idle->touched = true;
	if (idle->heard > FEW)                  /* one more would tell nothing new */
		close_events_end(&idle->departed, idle->runtime->engine, false);
}

static void on_gone(struct close_listener *departed)
{
	struct idle *idle = container_of(departed, struct idle, departed);

	idle->left = clock_now();
	idle->heard++;
	if (conn_query_is_open(&idle->visitors.query)) {
		touch(idle);
		return;
	}
	switch (idle->phase) {
	case IDLE_HAS_CLIENTS:
	case IDLE_NO_CLIENTS:
	case IDLE_WAS_REPORTED:
	case POSTPONED:
		idle->reported = false;
		cool_down(idle);
		break;
	case IDLE_NOT_COUNTED:                  /* the timer finds out that the time begins later (is_early) */
		if (idle->heard > FEW)
			turn_deaf(idle);
		break;
	default:
		touch(idle);
	}
}

static void on_deaf(struct close_listener *departed)
{
	struct idle *idle = container_of(departed, struct idle, departed);

	idle->looks = true;
	if (!is_letting_go(idle))
		look_later(idle);
}

static bool is_due(const struct idle *idle)
{
	double now = clock_now() + ALMOST;

	return idle->since > 0 && now - idle->since >= idle->timeout && now >= awake_until(idle);
}

/* Only counts tell. The time without clients begins at the last end that was reported, if there was one, or else at
 * the first count that finds nobody. */
static void take_look(struct idle *idle, bool used)
{
	if (used) {
		idle->since = 0;
		idle->reported = false;
	} else if (idle->since <= 0) {
		idle->since = idle->left > 0 ? idle->left : clock_now();
	}
	idle->left = 0;
	if (is_due(idle))
		act(idle);
	else
		look_later(idle);
}

/* Nobody has been there since the last end that was heard of. None was where superd had not listened: in DEAF, and
 * right behind it, where clients left between the count that found them and the listening. */
static void take_nobody(struct idle *idle)
{
	if (idle->phase == IDLE_NOT_COUNTED)
		idle->since = idle->left;
	else if (idle->phase == DEAF || idle->since <= 0)
		idle->since = clock_now();
	idle->crowd = false;
	if (is_due(idle)) {
		act(idle);
		return;
	}
	enter(idle, IDLE_NO_CLIENTS);
	count_down(idle, idle->since);
}

/* Clients that left after a deaf count, before superd listened again, would never be missed: so they are counted once
 * more. The kernel may have ceased to report meanwhile. */
static void take_somebody(struct idle *idle)
{
	bool was_deaf = idle->phase == DEAF;

	idle->since = 0;
	idle->looks = idle->looks || !close_events_is_possible(idle->runtime->engine);
	wait_for_departure(idle, IDLE_HAS_CLIENTS);
	if (was_deaf && !idle->looks)
		start_timer(idle, idle->timeout);
}

static void take_count(struct idle *idle, bool used)
{
	if (idle->touched) {
		cool_down(idle);
		return;
	}
	idle->heard = 0;
	if (used)
		take_somebody(idle);
	else
		take_nobody(idle);
}

static void on_counted(struct conn_query *query)
{
	struct idle *idle = container_of(query, struct idle, visitors.query);
	bool used = service_clients_is_seen(&idle->visitors);

	idle->counted = clock_now();
	if (idle->phase == IDLE_LAST_COUNT && used)
		go_on(idle);
	else if (idle->phase == IDLE_LAST_COUNT)
		let_go(idle);
	else if (idle->looks)
		take_look(idle, used || idle->touched);
	else
		take_count(idle, used);
}

/* Whether a connection has ended so lately that there is nothing to count yet; the timer runs then. Reports that are
 * still unread may have come before the timer. */
static bool is_early(struct idle *idle)
{
	if (idle->looks || is_letting_go(idle))
		return false;
	close_events_hear(idle->runtime->engine);
	if (ev_is_active(&idle->timer))
		return true;
	if (idle->phase != IDLE_NOT_COUNTED || clock_now() + ALMOST >= idle->left + idle->timeout)
		return false;
	idle->heard = 0;
	count_down(idle, idle->left);
	return true;
}

/* Where memory ran out at the last count, it is not the last any more. */
static void on_timer(struct ev_loop *loop, ev_timer *timer, int events)
{
	struct idle *idle = timer->data;

	(void)loop, (void)events;
	if (is_early(idle))
		return;
	if (idle->phase == IDLE_LAST_COUNT)
		begin(idle);
	else if (idle->phase == POSTPONED)
		act(idle);
	else
		ask(idle);
}

static struct idle *make(struct service_runtime *runtime)
{
	struct idle *idle = calloc(1, sizeof(*idle));

	if (!idle || !service_clients_init(&idle->visitors, runtime, on_counted)) {
		free(idle);
		return NULL;
	}
	idle->runtime = runtime;
	idle->timeout = (double)runtime->service->groups->lifecycle->idle_timeout / 1e6;
	ev_init(&idle->timer, on_timer);
	idle->timer.data = idle;
	close_events_init(&idle->departed, &idle->visitors.query, on_gone, on_deaf);
	return idle;
}

void idle_forget(struct service_runtime *runtime)
{
	struct idle *idle = runtime->run ? runtime->run->idle : NULL;
	bool freezes = idle && is_letting_go(idle);

	if (!idle)
		return;
	runtime->engine->service_list->idle_stops -= freezes;
	runtime->run->idle = NULL;
	stop_timer(idle);
	close_events_end(&idle->departed, runtime->engine, false);
	service_clients_free(&idle->visitors);
	free(idle);
	if (freezes && runtime_state(runtime) == RUNNING)
		freeze_thaw(runtime);
}

/* Over an upgrade. No report of the kernel arrives while one superd becomes the other: connections that ended meanwhile
 * show at the next count. idle_action applies at once to a backend that slept. */
static void begin_where_left(struct idle *idle, const struct idle_saved *left)
{
	bool slept = freeze_times(idle->runtime)->frozen_since > 0;

	listen_in(idle);
	idle->reported = left->reported;
	idle->since = left->since;
	idle->left = left->last_closed;
	if (slept) {
		act(idle);
		return;
	}
	enter(idle,
	      idle->looks		      ? IDLE_POLLING
		      : left->since > 0	      ? IDLE_NO_CLIENTS
		      : left->last_closed > 0 ? IDLE_NOT_COUNTED
					      : DEAF);
	wake_in(idle, fmin(left->wait, idle->timeout));
}

/* A frozen backend has no clients, so it stays idle. */
static void remain_asleep(const struct service_runtime *runtime, struct idle_saved *left)
{
	double timeout = (double)runtime->service->groups->lifecycle->idle_timeout / 1e6;

	*left = (struct idle_saved){ .is_there = true, .since = saved_of(runtime)->unused_since };
	if (left->since <= 0)
		left->since =
			fmax(freeze_times(runtime)->frozen_since - timeout, runtime_stats(runtime)->last_start);
}

void idle_remains(const struct service_runtime *runtime, struct idle_saved *left)
{
	struct idle *idle = runtime->run ? runtime->run->idle : NULL;
	bool is_told;

	*left = *saved_of(runtime);
	if (!idle && freeze_times(runtime)->frozen_since > 0 && !runtime->freezes && service_idles(runtime->service))
		remain_asleep(runtime, left);
	if (!idle)
		return;
	is_told = !ev_is_active(&idle->timer) && !ev_is_pending(&idle->timer);
	*left = (struct idle_saved){
		.is_there = true,
		.reported = idle->reported,
		.since = idle->since,
		.last_closed = idle->phase == IDLE_HAS_CLIENTS || idle->phase == DEAF ? 0 : idle->left,
		.wait = is_told ? 0 : fmax(ev_timer_remaining(runtime->engine->loop, &idle->timer), 0),
	};
}

void idle_set_aside(struct service_runtime *runtime)
{
	struct idle_saved left;

	idle_remains(runtime, &left);
	idle_forget(runtime);
	if (left.is_there && make_saved(runtime))
		*runtime->run->idle_saved = left;
}

void idle_load(struct service_runtime *runtime, struct state_section *section)
{
	struct idle_saved *saved = make_saved(runtime);

	if (!saved)
		return;
	state_load(section, &saved_idle, saved, NULL);
	saved->is_there = true;
}

void idle_free(struct service_runtime *runtime)
{
	idle_forget(runtime);
	if (runtime->run)
		free_saved(runtime);
}

static void start(struct service_runtime *runtime)
{
	const struct idle_saved *left = saved_of(runtime);

	runtime->run->idle = make(runtime);
	if (runtime->run->idle && left->is_there)
		begin_where_left(runtime->run->idle, left);
	else if (runtime->run->idle)
		begin(runtime->run->idle);
	else
		log_error(runtime->engine->log, "%s: idle_timeout has no effect on this backend: out of memory",
			  runtime->service->name);
	free_saved(runtime);
}

static bool is_changed(const struct idle *idle)
{
	double timeout = (double)life_of(idle)->idle_timeout / 1e6;

	return idle->timeout != timeout || idle->visitors.count != idle->runtime->listener_count;
}

void idle_follow(struct service_runtime *runtime)
{
	struct service_run *run = runtime->run;
	bool wanted = run && runtime_state(runtime) == RUNNING && run->current &&
		!runtime->engine->stopping &&
		      service_idles(runtime->service);

	if (run && run->idle && (!wanted || is_changed(run->idle)))
		idle_forget(runtime);
	if (wanted && !run->idle && !runtime->engine->quiet)
		start(runtime);
}

static const struct state_field saved_fields[] = {
	{ STATE_FIELD(idle_saved, "since", since) },
	{ STATE_FIELD(idle_saved, "left", last_closed) },
	{ STATE_FIELD(idle_saved, "wait", wait) },
	{ STATE_FIELD(idle_saved, "reported", reported) },
	{ STATE_NONE(idle_saved, is_there, "the section is there") },
	{ STATE_NONE(idle_saved, unused_since, "goes over as since") },
};
const struct field_table saved_idle = FIELD_TABLE("idle", idle_saved, saved_fields);
