/* What superd knows of a service's queue: how many clients wait there, whether instances take them, and how long it was
 * from the moment that a start was wanted until one was taken. No event reports that a backend has accepted, so superd
 * looks again and again. Each pause is a part of the time gone, which keeps the figure exact for a fast backend and the
 * looks rare for a slow one. */
#include "superd/stop/queue_notes.h"

#include <stdlib.h>

#include "lib/clock.h"
#include "os/socket/bind.h"
#include "os/socket/client.h"
#include "superd/instance/start_queue.h"

#define NO_PROGRESS_LIMIT_MOST 4096     /* a backend proved to take its clients is looked at ever more rarely */
#define FIRST_LOOK .001                 /* seconds until the first look */
#define FIRST_OF_SHORT_RUN .005         /* the same after a shorter run, whose end shows as much */
#define PAUSE_PART 16.                  /* a pause is this part of the time gone, and the figure is as exact */
#define GIVE_UP_AFTER 10.               /* seconds after which superd gives up */

struct queue_notes *queue_notes_make(struct service_runtime *runtime)
{
	struct service_run *run = runtime_make_run(runtime);

	if (!run || run->notes)
		return run ? run->notes : NULL;
	run->notes = calloc(1, sizeof(*run->notes));
	if (!run->notes)
		return NULL;
	run->notes->no_progress_limit = NO_PROGRESS_LIMIT;
	ev_init(&run->notes->accept_timer, NULL);
	return run->notes;
}

void queue_notes_free(struct service_runtime *runtime)
{
	struct queue_notes *notes = queue_notes_find(runtime);

	if (!notes)
		return;
	ev_timer_stop(runtime->engine->loop, &notes->accept_timer);
	queue_ids_free(&notes->backlog);
	free(notes);
	runtime->run->notes = NULL;
}

void queue_notes_note_progress(struct queue_notes *notes)
{
	notes->no_progress_ends = 0;
	if (notes->no_progress_limit < NO_PROGRESS_LIMIT_MOST)
		notes->no_progress_limit *= 8;
}

void queue_notes_reset(struct service_runtime *runtime)
{
	struct queue_notes *notes = queue_notes_find(runtime);

	if (notes)
		notes->queued_at_end = notes->no_progress_ends = 0;
}

bool queue_notes_has_queue(const struct service_runtime *runtime)
{
	const struct queue_notes *notes = queue_notes_find(runtime);

	return notes && notes->queued_at_end;
}

bool queue_notes_is_asking(const struct service_runtime *runtime)
{
	const struct queue_notes *notes = queue_notes_find(runtime);

	return notes && notes->look;
}

bool queue_notes_wants_proof(const struct service_runtime *runtime)
{
	const struct queue_notes *notes = queue_notes_find(runtime);

	return notes && notes->no_progress_ends >= notes->no_progress_limit;
}

/* ---- its length ---- */

unsigned queue_notes_count(const struct service_runtime *runtime)
{
	unsigned waiting = 0;

	for (size_t n = 0; n < runtime->listener_count; n++) {
		int queued = bind_queue(runtime->listeners[n].fd, runtime->listeners[n].listen);

		if (queued < 0)
			queued = client_waits(runtime->listeners[n].fd);
		waiting += (unsigned)queued;
	}
	return waiting;
}

bool queue_notes_sees_clients(const struct service_runtime *runtime)
{
	for (size_t n = 0; n < runtime->listener_count; n++) {
		if (client_waits(runtime->listeners[n].fd))
			return true;
	}
	return false;
}

void queue_notes_note_start(struct service_runtime *runtime)
{
	struct queue_notes *notes = runtime->run->notes;
	bool noted;

	notes->queued_at_start = notes->queued_at_end ? notes->queued_at_end : queue_notes_count(runtime);
	notes->queued_at_end = 0;
	noted = notes->backlog_is_queried && !notes->started_since;
	notes->started_since = true;
	if (noted)                      /* for this start */
		return;
	notes->backlog_is_queried = false;
	queue_ids_free(&notes->backlog);
	if (notes->no_progress_ends < notes->no_progress_limit)
		return;
	for (size_t n = 0; n < runtime->listener_count && !notes->backlog.count; n++)
		queue_ids_read(runtime->listeners[n].fd, runtime->listeners[n].listen, &notes->backlog);
}

/* ---- the latency of a start, until a client is really accepted ---- */

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
	waiting = queue_notes_count(runtime);
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

/* queue_notes_note_start has counted the waiting clients before the start. */
void accept_latency_begin(struct service_runtime *runtime)
{
	struct queue_notes *notes = runtime->run->notes;

	ev_timer_stop(runtime->engine->loop, &notes->accept_timer);
	notes->accept_queued = notes->queued_at_start;
	if (reports_readiness(runtime) || !notes->queued_at_start || !queue_notes_sees_clients(runtime)) {
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
	notes->accept_queued = queue_notes_count(runtime);
	if (!notes->accept_queued) {    /* it was as fast as superd */
		add_latency(runtime);
		return;
	}
	begin_looks(runtime, FIRST_LOOK);
}
