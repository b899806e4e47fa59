/* Judges the end of an instance. Exit status 0 is good however short the life was, but a backend that ends again and
 * again without taking a client from the queue would spin. The length of the queue is only a hint; before superd
 * pauses the service, the identities of the queued clients must prove it. For connections engine/queue/doubt does
 * that, as the kernel may take long to list them; datagrams are looked at here (os/netdiag/queue_ids). */
#include "engine/queue/judge.h"

#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "base/duration_text.h"
#include "config/option/directive.h"
#include "config/option/option_name.h"
#include "config/words/exit_status.h"
#include "os/socket/bind.h"
#include "os/socket/client.h"

#define UNPROVED 60                     /* ends in a row that look fruitless where nothing can be proved */
#define AT_ONCE 1.0                     /* seconds: a backend without sockets that ends sooner has failed */

unsigned judge_count_queue(const struct keeper *keeper)
{
	unsigned waiting = 0;

	for (size_t n = 0; n < keeper->listener_count; n++) {
		int queued = bind_queue(keeper->listeners[n].io.fd, keeper->listeners[n].listen);

		if (queued < 0)
			queued = client_waits(keeper->listeners[n].io.fd);
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
	queue_ids_free(&activity->backlog);
	for (size_t n = 0; activity->fruitless >= activity->patience && n < keeper->listener_count && !activity->exact;
	     n++) {
		activity->exact =
			queue_ids_read(keeper->listeners[n].io.fd, keeper->listeners[n].listen, &activity->backlog) &&
			activity->backlog.count;
	}
}

bool judge_sees_clients(const struct keeper *keeper)
{
	for (size_t n = 0; n < keeper->listener_count; n++) {
		if (client_waits(keeper->listeners[n].io.fd))
			return true;
	}
	return false;
}

/* With several listeners it suffices that one has moved; the one whose queue was noted is found by its own
 * identities. */
static bool has_moved(const struct keeper *keeper)
{
	for (size_t n = 0; n < keeper->listener_count; n++) {
		if (!queue_ids_have_moved(keeper->listeners[n].io.fd, keeper->listeners[n].listen,
					  &keeper->activity->backlog))
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
		return ending->lasted < AT_ONCE && keeper_starts_again(keeper);
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

/* systemd's EXIT_CLEAN_DAEMON. */
static bool is_clean_signal(int signal)
{
	return signal == SIGHUP || signal == SIGINT || signal == SIGTERM || signal == SIGPIPE;
}

bool judge_is_failure(const struct service *service, const struct ending *ending)
{
	if (ending->stopped)
		return false;
	if (service->exec->accept && ending->result == RESULT_EXIT_CODE)
		return exit_status_has_number(service->groups->restart->success_exit_status);
	if (service->exec->accept && ending->result == RESULT_SIGNAL)
		return !is_clean_signal(WTERMSIG(ending->status));
	return !result_is_good(ending->result);
}

bool judge_note_end(struct keeper *keeper, const struct instance *instance, const struct ending *ending)
{
	bool failed = judge_is_failure(instance->service, ending);
	bool lasted = !instance->service->exec->accept &&
		ending->lasted * 1e6 > (double)instance->service->groups->lifecycle->backoff_max;
	struct failures *failures = &keeper->activity->failed;
	struct failure failure = {
		.at = clock_now(), .lasted = ending->lasted, .pid = instance->pid, .status = ending->status,
		.result = (unsigned char)ending->result,
	};

	if (!instance->retired && (!failed || lasted))  /* of one retired only the failure itself counts */
		failures->in_row = 0;
	if (!failed)
		return false;
	keeper->activity->failures++;
	if (instance->peer)
		snprintf(failure.peer, sizeof(failure.peer), "%s", instance->peer);
	if (instance->retired)
		failures_keep(failures, &failure);
	else
		failures_add(failures, &failure);
	return true;
}

void judge_note_start(struct keeper *keeper, const struct client *client, enum result result, const char *why)
{
	struct failure failure = { .at = clock_now(), .result = (unsigned char)result };

	keeper->activity->failures++;
	keeper->activity->failing = true;
	if (client)
		client_address(client, failure.peer, sizeof(failure.peer));
	snprintf(failure.why, sizeof(failure.why), "cannot start: %s", why);
	failures_add(&keeper->activity->failed, &failure);
}

static bool has_connections(const struct keeper *keeper)
{
	for (size_t n = 0; n < keeper->listener_count; n++) {
		if (endpoint_accepts(keeper->listeners[n].listen->endpoint))
			return true;
	}
	return false;
}

/* The usual mistakes behind it, in the words of the service's own table. */
static void add_mistakes(const struct keeper *keeper, struct buf *out)
{
	const struct service *service = keeper->service;
	unsigned type = service->exec->type;
	bool accepts = has_connections(keeper);
	bool forks = (type == TYPE_SIMPLE || type == TYPE_EXEC) && service->dialect != LAUNCHD; /* has no word for it */

	if (accepts || forks)
		buf_text(out, ": its table may need ");
	if (accepts && service->dialect == LAUNCHD)
		buf_text(out, "inetdCompatibility with Wait = false");
	else if (accepts)
		option_name_add(service, "accept", "yes", out);
	if (accepts && forks)
		buf_text(out, ", or ");
	if (forks) {
		option_name_add(service, "type", "forking", out);
		buf_text(out, " if its program goes on in the background");
	}
}

void judge_fail_fruitless(struct keeper *keeper)
{
	static const char none[] = "it ends without taking anything from the queue", soon[] = "it ended at once";
	const char *what = keeper->listener_count ? none : soon;
	struct failure failure = { .at = clock_now(), .lasted = keeper->activity->last_lasted };
	struct buf mistakes = { 0 };

	if (keeper->listener_count)
		add_mistakes(keeper, &mistakes);
	keeper_pause(keeper, "%s%s", what, buf_string(&mistakes));
	buf_free(&mistakes);
	keeper->activity->failures++;
	snprintf(failure.why, sizeof(failure.why), "%s", what);
	failures_add(&keeper->activity->failed, &failure);
}

/* Returns what an end is for the table of transitions, and sets the pause after a failure. */
enum happening judge_end(struct keeper *keeper, const struct ending *ending, const char *why)
{
	char text[48];

	if (ending->stopped)
		return EXITED;
	if (!judge_is_failure(keeper->service, ending)) {
		if (!is_fruitless(keeper, ending))
			return EXITED;
		keeper->activity->left = 0;
		judge_fail_fruitless(keeper);
		return CRASHED;
	}
	status_describe(ending->status, text);
	if (*why)
		keeper_pause(keeper, "its start failed: %s", why);
	else
		keeper_pause(keeper, "it ended with %s%s", text, ending->unready ? ", and never said READY=1" : "");
	backoff_forgive(&keeper->backoff, ending->lasted, keeper->service->groups->lifecycle->backoff_max);
	return CRASHED;
}

double judge_restart(struct keeper *keeper, const struct ending *ending)
{
	const struct lifecycle_options *lifecycle = keeper->service->groups->lifecycle;
	struct backoff *hasty = &keeper->activity->hasty;
	struct event event = { .name = "pause", .service = keeper->service->name, .reason = "it ended at once" };
	char span[DURATION_MOST];

	if (ending->result != RESULT_SUCCESS || keeper->activity->waiting || ending->lasted > AT_ONCE) {
		backoff_reset(hasty);
		return (double)lifecycle->backoff_min / 1e6;
	}
	event.has_duration = true;
	event.duration = backoff_next(hasty, lifecycle->backoff_min, lifecycle->backoff_max,
				      hasty->failures ? engine_chance(keeper->engine) : 0.);
	log_event(keeper->engine->log, LEVEL_INFO, &event, "next start in %s, or with the next client: %s",
		  duration_write(span, event.duration), event.reason);
	return event.duration;
}
