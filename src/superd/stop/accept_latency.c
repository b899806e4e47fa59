/* Measures the latency of a start: from the moment it was wanted until the queue is shorter. No event reports that a
 * backend has accepted, so superd looks again and again. Each pause is a part of the time gone, which keeps the
 * figure exact for a fast backend and the looks rare for a slow one. */
#include "superd/stop/accept_latency.h"

#include "lib/clock.h"
#include "superd/stop/exit_verdict.h"
#include "superd/stop/queue_notes.h"
#include "superd/instance/start_queue.h"

#define FIRST_LOOK .001                 /* seconds until the first look */
#define FIRST_OF_SHORT_RUN .005         /* the same after a shorter run, whose end shows as much */
#define PAUSE_PART 16.                  /* a pause is this part of the time gone, and the figure is as exact */
#define GIVE_UP_AFTER 10.               /* seconds after which superd gives up */

/* last_latency belongs to the last start. What was wanted behind that is a thaw. */
static void add_latency(struct service_runtime *runtime)
{
	struct service_stats *stats = &runtime->run->stats;
	double now = clock_now(), latency = now - stats->last_request;
	bool is_thaw = stats->last_request > stats->last_start;

	if (is_thaw)
		histogram_add(&stats->thaw_latency, latency);
	else
		stats->last_latency = latency;
	history_set_delay(&runtime->run->history, is_thaw, now);
	histogram_add(&stats->latency, latency);
	/* A superd that goes on from the saved state would measure it again, with the time that no superd ran. */
	runtime_note_change(runtime);
}

/* A service may have waited in line between the request and the start. */
static double seconds_since_start(const struct service_runtime *runtime)
{
	const struct service_stats *stats = &runtime->run->stats;

	return clock_now() - (stats->last_request > stats->last_start ? stats->last_request : stats->last_start);
}

static void look_later(struct service_runtime *runtime, double least)
{
	struct queue_notes *notes = runtime->run->notes;
	double pause = seconds_since_start(runtime) / PAUSE_PART;

	ev_now_update(runtime->engine->loop);
	ev_timer_set(&notes->accept_timer, pause > least ? pause : least, 0.);
	ev_timer_start(runtime->engine->loop, &notes->accept_timer);
}

/* If the service's state has changed, or standby sockets have its clients, that start cannot be measured any more. */
static void on_look(struct ev_loop *loop, ev_timer *timer, int events)
{
	struct service_runtime *runtime = timer->data;
	struct queue_notes *notes = runtime->run->notes;
	unsigned waiting;

	(void)loop, (void)events;
	if (runtime_state(runtime) != RUNNING || runtime->run->standby_sockets)
		return;
	waiting = exit_verdict_count_queue(runtime);
	if (waiting < notes->accept_queued) {
		start_queue_leave(runtime);
		add_latency(runtime);
		return;
	}
	notes->accept_queued = waiting;
	if (seconds_since_start(runtime) < GIVE_UP_AFTER)
		look_later(runtime, FIRST_LOOK);
}

/* A short life may be over before the first look, or when the loop has just that look pending. */
void accept_latency_end(struct service_runtime *runtime, unsigned waiting)
{
	struct queue_notes *notes = runtime->run->notes;
	bool looking = ev_is_active(&notes->accept_timer) || ev_is_pending(&notes->accept_timer);

	if (looking && waiting < notes->accept_queued)
		add_latency(runtime);
	ev_timer_stop(runtime->engine->loop, &notes->accept_timer);
}

static bool reports_readiness(const struct service_runtime *runtime)
{
	enum service_type type = (enum service_type)runtime->service->exec->type;

	return type != TYPE_SIMPLE && type != TYPE_EXEC;
}

static void begin_looks(struct service_runtime *runtime, double wait)
{
	ev_timer *timer = &runtime->run->notes->accept_timer;

	ev_init(timer, on_look);
	timer->data = runtime;
	look_later(runtime, wait);
}

/* To be woken soon costs a start of a short life more than all else that is done for it. */
static double first_pause(const struct service_stats *stats)
{
	return stats->last_end > 0 && stats->last_duration < FIRST_OF_SHORT_RUN ? FIRST_OF_SHORT_RUN : FIRST_LOOK;
}

/* exit_verdict_note_queue has counted the waiting clients before the start. */
void accept_latency_begin(struct service_runtime *runtime)
{
	struct queue_notes *notes = runtime->run->notes;

	ev_timer_stop(runtime->engine->loop, &notes->accept_timer);
	notes->accept_queued = notes->queued_at_start;
	if (reports_readiness(runtime) || !notes->queued_at_start || !exit_verdict_sees_clients(runtime)) {
		if (reports_readiness(runtime))
			start_queue_leave(runtime);
		else
			start_queue_settle(runtime);
		add_latency(runtime);
		return;
	}
	runtime->run->stats.last_latency = 0;
	begin_looks(runtime, first_pause(&runtime->run->stats));
}

void accept_latency_begin_thawed(struct service_runtime *runtime, double asked)
{
	struct queue_notes *notes = runtime->run->notes;

	ev_timer_stop(runtime->engine->loop, &notes->accept_timer);
	runtime->run->stats.last_request = asked;
	notes->accept_queued = exit_verdict_count_queue(runtime);
	if (!notes->accept_queued) {    /* it was as fast as superd */
		add_latency(runtime);
		return;
	}
	begin_looks(runtime, FIRST_LOOK);
}
