/* Measures how long a backend has had no clients. A client may come at any moment between a count and the action
 * that follows from it, so a connection that ends during a count counts as a client, and superd lets a backend go
 * only when its processes stand still and a last count finds none. Any change of the keeper's state ends all of
 * this. */
#include "engine/idle/idle.h"

#include <math.h>
#include <stdlib.h>

#include "engine/drain/former.h"
#include "engine/freeze/frost.h"
#include "engine/idle/idle_state.h"

#define PARTS 4                         /* counts in an idle_timeout, if the kernel does not report ended connections */
#define GRID 16                         /* parts of an idle_timeout to which timers are rounded up, to coincide */
#define FEW 16                          /* ended connections before the next count; with more superd stops to listen */
#define CROWD 64                        /* parts of an idle_timeout: a crowd that was USED for less than one goes on */
#define PATIENCE_PART 8                 /* parts of an idle_timeout: a count may come one of them late */
#define ALMOST 0.001                    /* seconds that a timer may be early */

const struct life *idle_life(const struct idle *idle)
{
	return idle->keeper->service->terms->life;
}

/* The backend is left alone until this time (loop clock, seconds): min_awake after its start or thaw. */
static double awake_until(const struct idle *idle)
{
	const struct activity *activity = idle->keeper->activity;
	double until = fmax(activity->last_start, activity->woken) + (double)idle_life(idle)->min_awake / 1e6;

	return idle_life(idle)->idle_action == IDLE_FREEZE ? fmax(until, frost_rested(idle->keeper)) : until;
}

static void stop_timer(struct idle *idle)
{
	ev_timer_stop(idle->keeper->engine->loop, &idle->timer);
}

void idle_wake_in(struct idle *idle, double wait)
{
	stop_timer(idle);
	ev_timer_set(&idle->timer, fmax(wait, ALMOST), 0.);
	ev_timer_start(idle->keeper->engine->loop, &idle->timer);
}

void idle_start_timer(struct idle *idle, double wait)
{
	double grid = idle->timeout / GRID, now = engine_clock();

	idle_wake_in(idle, ceil((now + wait) / grid) * grid - now);
}

void idle_enter(struct idle *idle, enum idle_phase phase)
{
	struct engine *engine = idle->keeper->engine;

	engine->letting_go += idle_is_letting_go(phase);
	engine->letting_go -= idle_is_letting_go(idle->phase);
	idle->phase = phase;
	idle->entered = engine_clock();
	idle->touched = idle->postponed = idle->deaf = false;
	if (!idle_is_letting_go(phase))
		idle->keeper->activity->frozen = 0;
	stop_timer(idle);
	if (phase != COOL)
		departed_begin(&idle->departed, engine);
}

/* Where a crowd comes and goes nobody who ends meanwhile changes anything: the time begins when it is counted. */
void idle_ask(struct idle *idle)
{
	idle->touched = false;
	visitors_prepare(&idle->visitors);
	former_spare(&idle->visitors.query);
	if (!idle->deaf)
		departed_begin(&idle->departed, idle->keeper->engine);
	idle->visitors.query.due = idle->phase == CHECKING ? 0 : engine_clock() + idle->timeout / PATIENCE_PART;
	if (conn_query_start(&idle->visitors.query))
		return;
	frost_thaw(idle->keeper);               /* no memory: later */
	idle_start_timer(idle, idle->timeout);
}

/* For the end of the time since a moment. */
static void count_down(struct idle *idle, double since)
{
	idle_start_timer(idle, fmax(since + idle->timeout, awake_until(idle)) - engine_clock());
}

static void stay_calm(struct idle *idle)
{
	idle_enter(idle, CALM);
	count_down(idle, idle->since);
}

/* A backend whose connections end all the time is counted once in an idle_timeout, and hears of no single end. */
static void turn_deaf(struct idle *idle)
{
	idle->deaf = idle->crowd = true;
	departed_end(&idle->departed, idle->keeper->engine, true);
	idle_start_timer(idle, idle->timeout);
}

static void cool_down(struct idle *idle)
{
	bool soon = idle->touched ||
		    (idle->phase == USED && engine_clock() - idle->entered < idle->timeout / CROWD);

	idle->since = 0;
	idle->crowd = (idle->crowd && soon) || idle->heard > FEW;
	idle_enter(idle, COOL);
	if (idle->crowd)
		turn_deaf(idle);
	else
		count_down(idle, idle->left);
}

static void look_later(struct idle *idle)
{
	idle_enter(idle, LOOKING);
	idle_start_timer(idle, idle->timeout / PARTS);
}

void idle_wait_for_departure(struct idle *idle, enum idle_phase phase)
{
	if (idle->looks)
		look_later(idle);
	else
		idle_enter(idle, phase);
}

static void listen_in(struct idle *idle)
{
	idle->keeper->activity->unused = 0;
	visitors_prepare(&idle->visitors);
	visitors_begin(&idle->visitors);
	idle->looks = !departed_is_possible(idle->keeper->engine) || !visitors_is_told_of(&idle->visitors);
}

/* Before the first count it is unknown whether clients are connected. */
void idle_begin(struct idle *idle)
{
	listen_in(idle);
	idle->since = 0;
	idle->left = engine_clock();
	idle->heard = 0;
	if (idle->looks) {
		look_later(idle);
		return;
	}
	departed_begin(&idle->departed, idle->keeper->engine);
	cool_down(idle);
}

static void on_gone(struct departed *departed)
{
	struct idle *idle = container_of(departed, struct idle, departed);
	bool counts = conn_query_is_open(&idle->visitors.query);

	idle->left = engine_clock();
	idle->heard++;
	if (!counts && (idle->phase == CALM || idle->phase == USED || idle->phase == REPORTED)) {
		idle->reported = false;
		cool_down(idle);
		return;
	}
	idle->touched = true;
	if (idle->heard <= FEW)
		return;
	if (!counts && idle->phase == COOL)
		turn_deaf(idle);
	else
		departed_end(&idle->departed, idle->keeper->engine, false);
}

static void on_deaf(struct departed *departed)
{
	struct idle *idle = container_of(departed, struct idle, departed);

	idle->looks = true;
	if (!idle_is_letting_go(idle->phase))
		look_later(idle);
}

static bool is_due(const struct idle *idle)
{
	double now = engine_clock() + ALMOST;

	return idle->since > 0 && now - idle->since >= idle->timeout && now >= awake_until(idle);
}

static void take_look(struct idle *idle, bool used)
{
	if (used) {
		idle->since = 0;
		idle->reported = false;
	} else if (idle->since <= 0) {
		idle->since = idle->left > 0 ? idle->left : engine_clock();
	}
	idle->left = 0;
	if (is_due(idle))
		idle_act(idle);
	else
		look_later(idle);
}

static void take_nobody(struct idle *idle)
{
	if (idle->phase == COOL)
		idle->since = idle->deaf ? engine_clock() : idle->left;
	idle->crowd = false;
	if (is_due(idle))
		idle_act(idle);
	else
		stay_calm(idle);
}

/* Who went before anything could be heard would never be missed: so they are counted once more. The kernel may have
 * ceased to tell meanwhile. */
static void take_somebody(struct idle *idle)
{
	bool was_deaf = idle->deaf;

	idle->since = 0;
	idle->looks = idle->looks || !departed_is_possible(idle->keeper->engine);
	idle_wait_for_departure(idle, USED);
	if (was_deaf && !idle->looks)
		idle_start_timer(idle, idle->timeout);
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
	bool used = visitors_is_seen(&idle->visitors);

	idle->counted = engine_clock();
	if (idle->phase == CHECKING && used)
		idle_go_on(idle);
	else if (idle->phase == CHECKING)
		idle_let_go(idle);
	else if (idle->looks)
		take_look(idle, used || idle->touched);
	else
		take_count(idle, used);
}

/* Whether somebody has left so lately that there is nothing to count yet; the timer runs then. */
static bool is_early(struct idle *idle)
{
	if (idle->looks || idle_is_letting_go(idle->phase))
		return false;
	departed_hear(idle->keeper->engine);
	if (ev_is_active(&idle->timer))
		return true;
	if (idle->phase != COOL || idle->deaf || engine_clock() + ALMOST >= idle->left + idle->timeout)
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
	if (idle->phase == CHECKING)
		idle_begin(idle);
	else if (idle->postponed)
		idle_act(idle);
	else
		idle_ask(idle);
}

static struct idle *make(struct keeper *keeper)
{
	struct idle *idle = calloc(1, sizeof(*idle));

	if (!idle || !visitors_init(&idle->visitors, keeper, on_counted)) {
		free(idle);
		return NULL;
	}
	idle->keeper = keeper;
	idle->timeout = (double)keeper->service->terms->life->idle_timeout / 1e6;
	ev_init(&idle->timer, on_timer);
	idle->timer.data = idle;
	departed_init(&idle->departed, &idle->visitors.query, on_gone, on_deaf);
	return idle;
}

void idle_forget(struct keeper *keeper)
{
	struct idle *idle = keeper->activity ? keeper->activity->idle : NULL;
	bool freezes = idle && idle_is_letting_go(idle->phase);

	if (!idle)
		return;
	keeper->engine->letting_go -= freezes;
	keeper->activity->idle = NULL;
	stop_timer(idle);
	departed_end(&idle->departed, keeper->engine, false);
	visitors_free(&idle->visitors);
	free(idle);
	if (freezes && keeper->state == RUNNING)
		frost_thaw(keeper);
}

/* Connections that ended meanwhile show at the next count. idle_action applies at once to a backend that slept. */
static void begin_where_left(struct idle *idle, const struct idle_left *left)
{
	bool slept = idle->keeper->activity->frozen > 0;

	listen_in(idle);
	idle->reported = left->reported;
	idle->since = left->since;
	idle->left = left->left;
	if (slept) {
		idle_act(idle);
		return;
	}
	idle_enter(idle, idle->looks ? LOOKING : left->since > 0 ? CALM : COOL);
	idle->deaf = idle->phase == COOL && left->left <= 0;
	idle_wake_in(idle, fmin(left->wait, idle->timeout));
}

static void start(struct keeper *keeper)
{
	struct idle_left *left = &keeper->activity->idle_left;

	keeper->activity->idle = make(keeper);
	if (keeper->activity->idle && left->is_there)
		begin_where_left(keeper->activity->idle, left);
	else if (keeper->activity->idle)
		idle_begin(keeper->activity->idle);
	else
		log_error(keeper->engine->log, "%s: idle_timeout has no effect on this backend: out of memory",
			  keeper->service->name);
	left->is_there = false;
}

static bool is_changed(const struct idle *idle)
{
	double timeout = (double)idle_life(idle)->idle_timeout / 1e6;

	return idle->timeout != timeout || idle->visitors.count != idle->keeper->listener_count;
}

void idle_follow(struct keeper *keeper)
{
	struct activity *activity = keeper->activity;
	bool wanted = activity && keeper->state == RUNNING && activity->current && !keeper->engine->stopping &&
		      service_idles(keeper->service);

	if (activity && activity->idle && (!wanted || is_changed(activity->idle)))
		idle_forget(keeper);
	if (wanted && !activity->idle && !keeper->engine->quiet)
		start(keeper);
}

void idle_set_aside(struct keeper *keeper)
{
	struct idle_left left;

	idle_remains(keeper, &left);
	idle_forget(keeper);
	if (left.is_there)
		keeper->activity->idle_left = left;
}
