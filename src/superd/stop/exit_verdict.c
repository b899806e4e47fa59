/* Decides about the end of an instance. Exit status 0 is a success however short the run was, but a backend that exits
 * again and again without accepting a client would spin. The length of the queue is only a hint; before superd
 * pauses the service, the identities of the queued clients must prove it. For connections superd/stop/start_look
 * does that, as the kernel may take long to list them; datagrams are looked at here (os/netdiag/queue_ids). A client
 * waits for that list ever more rarely once it has proved that the backend takes its clients. */
#include "superd/stop/exit_verdict.h"

#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>

#include "lib/clock.h"
#include "lib/duration_text.h"
#include "os/socket/client.h"
#include "superd/stop/queue_notes.h"
#include "superd/instance/relay.h"
#include "table/option/option_name.h"
#include "table/option/option_table.h"
#include "table/words/exit_status.h"

#define UNPROVED 60                     /* further ends without visible progress that suffice if no proof is possible */
#define AT_ONCE 1.0                     /* seconds: a backend without sockets that ends sooner has failed */

/* With several listeners it suffices that one has moved; the one whose queue was noted is found by its own
 * identities. */
static bool has_moved(const struct service_runtime *runtime)
{
	for (size_t n = 0; n < runtime->listener_count; n++) {
		if (!queue_ids_have_moved(runtime->listeners[n].fd, runtime->listeners[n].listen,
					  &runtime->run->notes->backlog))
			return false;
	}
	return true;
}

/* Whether so many successful ends in a row left the queue as long as it was that the service makes no progress. */
static bool made_no_progress(struct service_runtime *runtime, const struct ending *ending, unsigned waiting)
{
	struct queue_notes *notes = runtime->run->notes;

	if (!runtime->listener_count)
		return ending->lasted < AT_ONCE && runtime_starts_again(runtime);
	/* probes are looked at first */
	notes->queued_at_end = service_prepared(runtime->service)->probes ? 0 : waiting;
	if (!waiting || waiting < notes->queued_at_start || ending->lasted > AT_ONCE) {
		notes->no_progress_ends = 0;
		return false;
	}
	if (++notes->no_progress_ends <= notes->no_progress_limit)
		return false;
	notes->queued_at_end = 0;       /* the next start waits for start_look */
	if (notes->backlog.count && notes->backlog_is_queried)
		return false;
	if (!notes->backlog.count)
		return notes->no_progress_ends > notes->no_progress_limit + UNPROVED;
	if (!has_moved(runtime)) {
		notes->no_progress_limit = NO_PROGRESS_LIMIT;
		return true;
	}
	notes->no_progress_ends = 0;
	return false;
}

/* systemd's EXIT_CLEAN_DAEMON. */
static bool is_clean_signal(int signal)
{
	return signal == SIGHUP || signal == SIGINT || signal == SIGTERM || signal == SIGPIPE;
}

/* The statuses of a shell that cannot run a program, and of a loader that lacks a library. Later they are those of a
 * session, as the last command of a shell. */
bool exit_verdict_never_began(int wait_status, double lasted)
{
	int status = WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : 0;

	return (status == 126 || status == 127) && lasted < AT_ONCE;
}

bool exit_verdict_is_failure(const struct service *service, const struct ending *ending)
{
	if (ending->stopped)
		return false;
	if (service->exec->accept && ending->result == RESULT_EXIT_CODE)
		return exit_verdict_never_began(ending->status, ending->lasted) ||
			exit_status_has_number(service->groups->restart->success_exit_status);
	if (service->exec->accept && ending->result == RESULT_SIGNAL)
		return !is_clean_signal(WTERMSIG(ending->status));
	return !result_is_good(ending->result);
}

bool exit_verdict_note_end(struct service_runtime *runtime, const struct instance *instance,
			   const struct ending *ending)
{
	bool failed = exit_verdict_is_failure(instance->service, ending);
	bool lasted = !instance->service->exec->accept &&
		ending->lasted * 1e6 > (double)instance->service->groups->lifecycle->backoff_max;
	struct failures *failures = &runtime->run->stats.failed;
	struct failure failure = {
		.at = clock_now(), .lasted = ending->lasted, .pid = instance->pid, .status = ending->status,
		.result = (unsigned char)ending->result,
	};

	if (!instance->retired && (!failed || lasted))  /* of one retired only the failure itself counts */
		failures->in_row = 0;
	if (!failed)
		return false;
	runtime->run->stats.failures++;
	if (instance->client.peer)
		snprintf(failure.peer, sizeof(failure.peer), "%s", instance->client.peer);
	if (instance->retired)
		failures_keep(failures, &failure);
	else
		failures_add(failures, &failure);
	return true;
}

void exit_verdict_note_start(struct service_runtime *runtime, const struct client *client, enum result result,
			     const char *why)
{
	struct failure failure = { .at = clock_now(), .result = (unsigned char)result };

	runtime->run->stats.failures++;
	runtime->run->stats.failing = true;
	if (client)
		client_address(client, failure.peer, sizeof(failure.peer));
	snprintf(failure.why, sizeof(failure.why), "cannot start: %s", why);
	failures_add(&runtime->run->stats.failed, &failure);
}

static bool has_connections(const struct service_runtime *runtime)
{
	for (size_t n = 0; n < runtime->listener_count; n++) {
		if (endpoint_accepts(runtime->listeners[n].listen->endpoint))
			return true;
	}
	return false;
}

/* The usual mistakes behind it, in the words of the service's own table. */
static void add_mistakes(const struct service_runtime *runtime, struct buf *out)
{
	const struct service *service = runtime->service;
	unsigned type = service->exec->type;
	bool accepts = has_connections(runtime);
	bool forks = (type == TYPE_SIMPLE || type == TYPE_EXEC) && service->dialect != LAUNCHD; /* has no word for it */

	if (accepts || forks)
		buf_text(out, ": its configuration may need ");
	if (accepts && service->dialect == LAUNCHD)
		buf_text(out, "inetdCompatibility with Wait = false");
	else if (accepts)
		option_name_add(service, "accept", "yes", out);
	if (accepts && forks)
		buf_text(out, ", or ");
	if (forks) {
		option_name_add(service, "type", "forking", out);
		buf_text(out, " if its program continues in the background");
	}
}

void exit_verdict_fail_no_progress(struct service_runtime *runtime)
{
	static const char none[] = "it exits without accepting a connection", soon[] = "it ended at once";
	const char *what = runtime->listener_count ? none : soon;
	struct failure failure = { .at = clock_now(), .lasted = runtime->run->stats.last_duration };
	struct buf mistakes = { 0 };

	if (runtime->listener_count)
		add_mistakes(runtime, &mistakes);
	runtime_pause(runtime, "%s%s", what, buf_string(&mistakes));
	buf_free(&mistakes);
	runtime->run->stats.failures++;
	snprintf(failure.why, sizeof(failure.why), "%s", what);
	failures_add(&runtime->run->stats.failed, &failure);
}

/* Adds what was missing when it ended: ", and never said READY=1". */
static void add_missing(const struct service *service, const struct ending *ending, struct buf *out)
{
	if (ending->unbound) {
		buf_text(out, ", before it bound all its sockets");
	} else if (ending->unready && service_notifies(service)) {
		buf_text(out, ", and never sent READY=1");
	} else if (ending->unready && service_awaits_target(service)) {
		buf_text(out, ", and nothing answered at ");
		relay_add_target(service, out);
	} else if (ending->unready && ending->result != RESULT_TIMEOUT) {
		buf_text(out, ", and was not ready yet");
	}
}

/* Adds how it has ended. A signal of superd's, when a time was over, was not the program's. */
static void describe_end(const struct service *service, const struct ending *ending, struct buf *out)
{
	char text[48];

	status_describe(ending->status, text);
	if (ending->result != RESULT_TIMEOUT)
		buf_addf(out, "it ended with %s", text);
	else if (ending->unready || ending->unbound)
		buf_addf(out, "it was not ready within %s", option_name_of(service, "timeout_start"));
	else
		buf_addf(out, "superd stopped it, and it ended with %s", text);
}

/* Returns what an end is for the table of transitions, and sets the pause after a failure. */
enum service_event exit_verdict_end(struct service_runtime *runtime, const struct ending *ending, unsigned waiting,
				    const char *why)
{
	struct buf what = { 0 };

	if (ending->stopped)
		return EXITED;
	if (!exit_verdict_is_failure(runtime->service, ending)) {
		if (!made_no_progress(runtime, ending, waiting))
			return EXITED;
		runtime->run->notes->queued_at_end = 0;
		exit_verdict_fail_no_progress(runtime);
		return CRASHED;
	}
	if (*why && !ending->unbound) {
		buf_addf(&what, "its start failed: %s", why);
	} else {
		describe_end(runtime->service, ending, &what);
		if (*why)
			buf_addf(&what, ": %s", why);
		else
			add_missing(runtime->service, ending, &what);
	}
	runtime_pause(runtime, "%s", buf_string(&what));
	buf_free(&what);
	backoff_forgive(&runtime->backoff, ending->lasted, runtime->service->groups->lifecycle->backoff_max);
	return CRASHED;
}

double exit_verdict_restart(struct service_runtime *runtime, const struct ending *ending)
{
	const struct lifecycle_options *lifecycle = runtime->service->groups->lifecycle;
	struct queue_notes *notes = runtime->run->notes;
	struct event event = { .name = "pause", .service = runtime->service->name, .reason = "it ended at once" };
	char span[DURATION_MOST];

	if (ending->result != RESULT_SUCCESS || notes->queued_at_start || ending->lasted > AT_ONCE) {
		backoff_reset(&notes->restart_backoff);
		return (double)lifecycle->backoff_min / 1e6;
	}
	event.has_duration = true;
	event.duration = backoff_next(&notes->restart_backoff, lifecycle->backoff_min, lifecycle->backoff_max,
				      notes->restart_backoff.failures ? engine_random(runtime->engine) : 0.);
	log_event(runtime->engine->log, LEVEL_INFO, &event, "next start in %s, or with the next client: %s",
		  duration_write(span, event.duration), event.reason);
	return event.duration;
}
