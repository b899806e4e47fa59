/* Measures the latency of a start: from the moment it was wanted until the queue is shorter. No event reports that a
 * backend has accepted, so superd looks again and again. Each pause is a part of the time gone, which keeps the
 * figure exact for a fast backend and the looks rare for a slow one. */
#include "engine/health/accept_latency.h"

#include "base/clock.h"
#include "engine/health/exit_verdict.h"

#define FIRST .001                      /* seconds until the first look */
#define SHORT .005                      /* seconds until the first look after a shorter life: its end tells as much */
#define PART 16.                        /* a pause is this part of the time gone, and the figure is as exact */
#define LAST 10.                        /* seconds after which superd gives up */

/* last_latency belongs to the last start. */
static void conclude(struct service_runtime *runtime)
{
	struct activity *activity = runtime->activity;
	double latency = clock_now() - activity->stats.last_request;

	if (activity->stats.last_request <= activity->stats.last_start)
		activity->stats.last_latency = latency;
	histogram_add(&activity->stats.latency, latency);
}

static void look_later(struct service_runtime *runtime, double least)
{
	struct activity *activity = runtime->activity;
	double pause = (clock_now() - activity->stats.last_request) / PART;

	ev_now_update(runtime->engine->loop);
	ev_timer_set(&activity->taking, pause > least ? pause : least, 0.);
	ev_timer_start(runtime->engine->loop, &activity->taking);
}

/* If the runtime's state has changed, or twins have its clients, that start cannot be measured any more. */
static void on_look(struct ev_loop *loop, ev_timer *timer, int events)
{
	struct service_runtime *runtime = timer->data;
	struct activity *activity = runtime->activity;
	unsigned waiting;

	(void)loop, (void)events;
	if (runtime_state(runtime) != RUNNING || runtime->since != activity->taking_since || activity->standby_sockets)
		return;
	waiting = exit_verdict_count_queue(runtime);
	if (waiting < activity->untaken) {
		conclude(runtime);
		return;
	}
	activity->untaken = waiting;
	if (clock_now() - activity->stats.last_request < LAST)
		look_later(runtime, FIRST);
}

/* A short life may be over before the first look, or when the loop has just that look pending. */
void accept_latency_end(struct service_runtime *runtime)
{
	struct activity *activity = runtime->activity;
	bool looking = ev_is_active(&activity->taking) || ev_is_pending(&activity->taking);

	if (looking && !activity->standby_sockets && exit_verdict_count_queue(runtime) < activity->untaken)
		conclude(runtime);
	ev_timer_stop(runtime->engine->loop, &activity->taking);
}

static bool tells_itself(const struct service_runtime *runtime)
{
	enum service_type type = (enum service_type)runtime->service->exec->type;

	return type != TYPE_SIMPLE && type != TYPE_EXEC;
}

static void watch(struct service_runtime *runtime)
{
	struct activity *activity = runtime->activity;

	activity->taking_since = runtime->since;
	ev_init(&activity->taking, on_look);
	activity->taking.data = runtime;
}

/* To be woken soon costs a start of a short life more than all else that is done for it. */
static double first_pause(const struct activity *activity)
{
	return activity->stats.last_end > 0 && activity->stats.last_duration < SHORT ? SHORT : FIRST;
}

/* exit_verdict_note_queue has counted who waited before it was started. */
void accept_latency_begin(struct service_runtime *runtime)
{
	struct activity *activity = runtime->activity;

	ev_timer_stop(runtime->engine->loop, &activity->taking);
	activity->untaken = activity->waiting;
	if (tells_itself(runtime) || !activity->waiting || !exit_verdict_sees_clients(runtime)) {
		conclude(runtime);
		return;
	}
	activity->stats.last_latency = 0;
	watch(runtime);
	look_later(runtime, first_pause(activity));
}

void accept_latency_begin_thawed(struct service_runtime *runtime, double asked)
{
	struct activity *activity = runtime->activity;

	ev_timer_stop(runtime->engine->loop, &activity->taking);
	activity->stats.last_request = asked;
	activity->untaken = exit_verdict_count_queue(runtime);
	if (!activity->untaken) {               /* it was as fast as superd */
		conclude(runtime);
		return;
	}
	watch(runtime);
	look_later(runtime, FIRST);
}

void accept_latency_resume(struct service_runtime *runtime, double wait)
{
	watch(runtime);
	ev_timer_set(&runtime->activity->taking, wait, 0.);
	ev_timer_start(runtime->engine->loop, &runtime->activity->taking);
}
