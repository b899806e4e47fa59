/* Judging an end. The hard thing: exit 0 is good however short its life, but a backend that ends again and again
 * without taking anybody from the queue would spin. The queue's length hints at it; before anybody is made to wait
 * the identities of those queued must prove it: of connections that is up to engine/doubt, as the kernel may take long
 * to tell them; datagrams are looked at here (sys/backlog). */
#include "engine/judge.h"

#include <poll.h>
#include <sys/wait.h>

#include "sys/bind.h"

#define UNPROVED 60                     /* ends in a row that look fruitless where nothing can be proved */
#define AT_ONCE 1.0                     /* seconds: a backend without sockets that ends sooner has failed */

unsigned judge_count_queue(const struct keeper *keeper)
{
	unsigned waiting = 0;

	for (size_t n = 0; n < keeper->listener_count; n++) {
		int queued = bind_queue(keeper->listeners[n].io.fd, keeper->listeners[n].listen);

		if (queued < 0) {
			struct pollfd ready = { keeper->listeners[n].io.fd, POLLIN, 0 };

			queued = poll(&ready, 1, 0) > 0;
		}
		waiting += (unsigned)queued;
	}
	return waiting;
}

void judge_note_queue(struct keeper *keeper)
{
	struct activity *activity = keeper->activity;

	activity->waiting = activity->left ? activity->left : judge_count_queue(keeper);
	activity->left = 0;
	activity->tried = true;
	if (activity->noted) {
		activity->noted = false;
		return;
	}
	activity->exact = activity->beside = false;
	backlog_free(&activity->backlog);
	for (size_t n = 0; activity->fruitless >= activity->patience && n < keeper->listener_count && !activity->exact;
	     n++) {
		activity->exact =
			backlog_take(keeper->listeners[n].io.fd, keeper->listeners[n].listen, &activity->backlog) &&
			activity->backlog.count;
	}
}

/* With several listeners it suffices that one has moved; the one whose queue was noted is found by its own
 * identities. */
static bool has_moved(const struct keeper *keeper)
{
	for (size_t n = 0; n < keeper->listener_count; n++) {
		if (!backlog_moved(keeper->listeners[n].io.fd, keeper->listeners[n].listen, &keeper->activity->backlog))
			return false;
	}
	return true;
}

/* Whether this good end is one of a row of ends that took nothing. */
static bool is_fruitless(struct keeper *keeper, const struct ending *ending)
{
	struct activity *activity = keeper->activity;
	unsigned waiting;

	if (!keeper->listener_count)
		return ending->lasted < AT_ONCE && keeper->service->what->type != TYPE_ONESHOT;
	waiting = judge_count_queue(keeper);
	activity->left = keeper->service->probes ? 0 : waiting; /* these are looked at first */
	if (!waiting || waiting < activity->waiting || ending->lasted > AT_ONCE) {
		activity->fruitless = 0;
		return false;
	}
	if (++activity->fruitless <= activity->patience)
		return false;
	activity->left = 0;                     /* who waits is asked first */
	if (activity->exact && activity->beside)
		return false;
	if (!activity->exact)
		return activity->fruitless > activity->patience + UNPROVED;
	if (!has_moved(keeper)) {
		activity->patience = PATIENCE;
		return true;
	}
	activity->fruitless = 0;
	return false;
}

/* What an end means for the table of transitions. */
enum happening judge_end(struct keeper *keeper, const struct ending *ending, const char *why)
{
	char text[48];

	if (ending->stopped)
		return EXITED;
	if (ending->result == RESULT_SUCCESS) {
		if (!is_fruitless(keeper, ending))
			return EXITED;
		keeper->activity->left = 0;
		keeper_pause(keeper,
			     keeper->listener_count ? "it ends without taking anything from the queue"
						    : "it ended at once");
		return CRASHED;
	}
	instance_describe_status(ending->status, text);
	if (*why)
		keeper_pause(keeper, "its start failed: %s", why);
	else
		keeper_pause(keeper, "it ended with %s%s", text, ending->unready ? ", and never said READY=1" : "");
	backoff_forgive(&keeper->backoff, ending->lasted, keeper->service->terms->life->backoff_max);
	return CRASHED;
}

double judge_restart(struct keeper *keeper, const struct ending *ending)
{
	const struct life *life = keeper->service->terms->life;
	struct backoff *hasty = &keeper->activity->hasty;
	struct event event = { .name = "pause", .service = keeper->service->name, .reason = "it ended at once" };

	if (ending->result != RESULT_SUCCESS || keeper->activity->waiting || ending->lasted > AT_ONCE) {
		backoff_reset(hasty);
		return (double)life->backoff_min / 1e6;
	}
	event.has_duration = true;
	event.duration = backoff_next(hasty, life->backoff_min, life->backoff_max,
				      hasty->failures ? engine_chance(keeper->engine) : 0.);
	log_event(keeper->engine->log, LEVEL_INFO, &event, "next start in %.1f s, or with the next client: %s",
		  event.duration, event.reason);
	return event.duration;
}
