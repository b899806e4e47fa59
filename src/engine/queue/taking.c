/* Measures the latency of a start: from the moment it was wanted until the queue is shorter. No event reports that a
 * backend has accepted, so superd looks again and again. Each pause is a part of the time gone, which keeps the
 * figure exact for a fast backend and the looks rare for a slow one. */
#include "engine/queue/taking.h"

#include "base/clock.h"
#include "engine/queue/judge.h"

#define FIRST .001                      /* seconds until the first look */
#define SHORT .005                      /* seconds until the first look after a shorter life: its end tells as much */
#define PART 16.                        /* a pause is this part of the time gone, and the figure is as exact */
#define LAST 10.                        /* seconds after which superd gives up */

/* last_latency belongs to the last start. */
static void conclude(struct keeper *keeper)
{
	struct activity *activity = keeper->activity;
	double latency = clock_now() - activity->asked;

	if (activity->asked <= activity->last_start)
		activity->last_latency = latency;
	latency_add(&activity->latency, latency);
}

static void look_later(struct keeper *keeper, double least)
{
	struct activity *activity = keeper->activity;
	double pause = (clock_now() - activity->asked) / PART;

	ev_now_update(keeper->engine->loop);
	ev_timer_set(&activity->taking, pause > least ? pause : least, 0.);
	ev_timer_start(keeper->engine->loop, &activity->taking);
}

/* If the keeper's state has changed, or twins have its clients, that start cannot be measured any more. */
static void on_look(struct ev_loop *loop, ev_timer *timer, int events)
{
	struct keeper *keeper = timer->data;
	struct activity *activity = keeper->activity;
	unsigned waiting;

	(void)loop, (void)events;
	if (keeper->state != RUNNING || keeper->since != activity->taking_since || activity->twins)
		return;
	waiting = judge_count_queue(keeper);
	if (waiting < activity->untaken) {
		conclude(keeper);
		return;
	}
	activity->untaken = waiting;
	if (clock_now() - activity->asked < LAST)
		look_later(keeper, FIRST);
}

/* A short life may be over before the first look, or when the loop has just that look pending. */
void taking_end(struct keeper *keeper)
{
	struct activity *activity = keeper->activity;
	bool looking = ev_is_active(&activity->taking) || ev_is_pending(&activity->taking);

	if (looking && !activity->twins && judge_count_queue(keeper) < activity->untaken)
		conclude(keeper);
	ev_timer_stop(keeper->engine->loop, &activity->taking);
}

static bool tells_itself(const struct keeper *keeper)
{
	enum service_type type = (enum service_type)keeper->service->exec->type;

	return type != TYPE_SIMPLE && type != TYPE_EXEC;
}

static void watch(struct keeper *keeper)
{
	struct activity *activity = keeper->activity;

	activity->taking_since = keeper->since;
	ev_init(&activity->taking, on_look);
	activity->taking.data = keeper;
}

/* To be woken soon costs a start of a short life more than all else that is done for it. */
static double first_pause(const struct activity *activity)
{
	return activity->last_end > 0 && activity->last_lasted < SHORT ? SHORT : FIRST;
}

/* judge_note_queue has counted who waited before it was started. */
void taking_begin(struct keeper *keeper)
{
	struct activity *activity = keeper->activity;

	ev_timer_stop(keeper->engine->loop, &activity->taking);
	activity->untaken = activity->waiting;
	if (tells_itself(keeper) || !activity->waiting || !judge_sees_clients(keeper)) {
		conclude(keeper);
		return;
	}
	activity->last_latency = 0;
	watch(keeper);
	look_later(keeper, first_pause(activity));
}

void taking_begin_thawed(struct keeper *keeper, double asked)
{
	struct activity *activity = keeper->activity;

	ev_timer_stop(keeper->engine->loop, &activity->taking);
	activity->asked = asked;
	activity->untaken = judge_count_queue(keeper);
	if (!activity->untaken) {               /* it was as fast as superd */
		conclude(keeper);
		return;
	}
	watch(keeper);
	look_later(keeper, FIRST);
}

void taking_resume(struct keeper *keeper, double wait)
{
	watch(keeper);
	ev_timer_set(&keeper->activity->taking, wait, 0.);
	ev_timer_start(keeper->engine->loop, &keeper->activity->taking);
}
