/* Opens the sockets of a service. superd logs all required sockets that fail in one line, together with the pause
 * that follows. An optional socket that fails is absent: it has a line of its own, and superd tries again while the
 * service runs without it. So is one whose conditions do not hold, until superd is asked to check them again.
 *
 * A table with more sockets than superd may have descriptors would fill the log with one line for each try of each
 * service. The first service that lacks one has a line, and the others have none until a socket opens again. */
#include "superd/service/runtime_bind.h"

#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "lib/clock.h"
#include "lib/duration_text.h"
#include "lib/scan.h"
#include "os/cgroup/cgroup_parent.h"
#include "os/proc/port_owner.h"
#include "superd/service/refuse.h"
#include "superd/service/socket_rest.h"
#include "superd/instance/start_resources.h"
#include "superd/socket/listeners.h"
#include "superd/stop/standby_socket.h"
#include "superd/stop/stop.h"
#include "table/option/service_mark.h"

#define HOLDERS_MOST 16                 /* sockets of one address to examine */

static void log_unbound(struct service_runtime *runtime, const char *text)
{
	struct event event = { .name = "bind_error", .service = runtime->service->name, .reason = text };

	log_event(runtime->engine->log, LEVEL_WARNING, &event, "%s", text);
}

/* The sockets of a service that did not open. */
struct failed_sockets {
	struct buf text;                /* the reasons, of required ones */
	bool lacks_descriptors;         /* one of them for want of descriptors */
};

/* Notes that the service goes without this socket; logs the reason unless it is the same as before. */
static void note_absence(struct service_runtime *runtime, struct listener *listener, enum absence absence,
			 const char *text)
{
	if (listener_absence(listener) != absence)
		log_unbound(runtime, text);
	listener_set_absence(listener, absence);
}

void runtime_judge_sockets(struct service_runtime *runtime, const struct condition_query *query)
{
	struct event event = { .name = "condition", .service = runtime->service->name };

	for (size_t n = 0; n < query->count; n++) {
		struct listener *listener = query->sockets[n].listener;
		const char *condition = query->error ? NULL : query->sockets[n].condition;
		bool was_false = listener_absence(listener) == ABSENT_CONDITION;
		struct buf text = { 0 };

		if (listener_is_open(listener))         /* its commands have ended first */
			continue;
		if (condition && !was_false) {
			buf_addf(&text, "%s stays closed: %s does not hold", listener->listen->name, condition);
			origin_cite(service_listen_origin(runtime->service, listener->listen, "socket_condition"),
				    &text);
			event.reason = condition;
			log_event(runtime->engine->log,
				  query->sockets[n].is_assert ? LEVEL_ERROR : LEVEL_NOTICE, &event, "%s",
				  buf_string(&text));
		}
		if (condition || was_false)
			listener_set_absence(listener, condition ? ABSENT_CONDITION : ABSENT_DUE);
		buf_free(&text);
	}
}

/* Whether the conditions of a closed socket could not be checked; why has the reason. */
static bool is_unchecked(const struct service_runtime *runtime, const struct listener *listener, struct buf *why)
{
	if (!listener->listen->options->socket_condition || !runtime->run || !runtime->run->conditions ||
	    !runtime->run->conditions->error)
		return false;
	buf_addf(why, "its conditions cannot be checked: %s", strerror(runtime->run->conditions->error));
	return true;
}

/* Has the processes of a group of a killed superd end, by kill_signal the first time, by SIGKILL the first time behind
 * timeout_stop. Returns how that stands. */
static const char *end_left(struct service_runtime *runtime, struct left_group *group)
{
	const struct lifecycle_options *lifecycle = runtime->service->groups->lifecycle;
	int64_t most = lifecycle->timeout_stop;

	if (!group->kill_at) {
		group->kill_at = most == SCAN_INFINITY ? INFINITY : clock_now() + (double)most / 1e6;
		cgroup_signal(group->path, lifecycle->kill_signal);
		cgroup_signal(group->path, SIGCONT);
		return "ending it";
	}
	if (group->is_killed)
		return "it was killed, but has not ended yet";
	if (clock_now() < group->kill_at)
		return "it is ending";
	group->is_killed = true;
	cgroup_kill(group->path);
	backoff_reset(&runtime->backoff);               /* the address is free in a moment */
	return "it has not ended in time: killed";
}

/* If processes that a killed superd has left have this address, writes the first one to `why`. With --take-over ends
 * all of them. Else they serve on, also if they were frozen. */
static void explain_holder(struct service_runtime *runtime, const struct listen *listen, struct buf *why)
{
	const struct endpoint wanted = endpoint_with_options(listen->address, listen->options);
	struct cgroups *cgroups = &runtime->engine->launch->cgroups;
	struct left_search search = { 0 };
	struct file_id sockets[HOLDERS_MOST];
	size_t count = address_sockets(&wanted, sockets, HOLDERS_MOST);
	struct left_group *group;
	bool is_first = true;

	cgroups_probe(cgroups);         /* makes the base */
	while (count && cgroups->base && (group = cgroup_parent_next_left(cgroups, sockets, count, &search))) {
		const char *fate = runtime->engine->takes_over ? end_left(runtime, group) : NULL;

		if (is_first) {
			buf_clear(why);
			process_describe(search.pid, why);
			buf_addf(why, " has it, which a killed superd has left: %s",
				 fate ? fate : "--take-over ends it");
		}
		is_first = false;
		cgroup_thaw(group->path);
	}
}

/* Opens a listener unless it is open, or it rests, or its conditions keep it closed (runtime_judge_sockets). false: it
 * failed; the reason is in `failed`, or for an optional one it is noted as its absence. */
static bool open_listener(struct service_runtime *runtime, struct listener *listener, struct failed_sockets *failed)
{
	struct buf why = { 0 }, text = { 0 };

	if (listener_is_open(listener) || listener_absence(listener) == ABSENT_CONDITION)
		return true;
	if (socket_rest_closes(runtime, listener)) {
		listener_set_absence(listener, ABSENT_RESTS);
		return true;
	}
	if (!runtime->service->exec->accept || !endpoint_accepts(listener->listen->endpoint))
		listener_expect_holders(listener, runtime->service->account);
	errno = EAGAIN;
	if (!is_unchecked(runtime, listener, &why) &&
	    listener_open(listener, runtime->engine, runtime->service->name, &why)) {
		runtime->engine->listeners->shortage_logged = false;
		listener->tries = 0;
		buf_free(&why);
		return true;
	}
	failed->lacks_descriptors |= errno == EMFILE || errno == ENFILE;
	if (errno == EADDRINUSE) {
		stop_hurry_holder(runtime, listener);
		explain_holder(runtime, listener->listen, &why);
	}
	buf_text(&text, "cannot listen on ");
	endpoint_format(listener->listen->endpoint, &text);
	buf_addf(&text, ": %s", buf_string(&why));
	origin_cite(listener->listen->at, &text);
	if (listener->listen->options->optional) {
		note_absence(runtime, listener, ABSENT_FAILED, buf_string(&text));
	} else {
		listener_set_absence(listener, ABSENT_NO);      /* it may have rested */
		buf_addf(&failed->text, "%s%s", failed->text.length ? ", " : "", buf_string(&text));
	}
	buf_free(&why);
	buf_free(&text);
	return false;
}

static void log_shortage(struct service_runtime *runtime)
{
	struct listeners *listeners = runtime->engine->listeners;

	if (listeners->shortage_logged) {
		runtime_fail_alike(runtime);
		return;
	}
	listeners->shortage_logged = true;
	log_warn(runtime->engine->log,
		 "superd has too few descriptors for its sockets (RLIMIT_NOFILE, ulimit -Hn): this is logged for %s "
		 "alone; superctl list shows the other services", runtime->service->name);
}

/* The time until the next try of sockets that failed. */
static void begin_absence(struct service_runtime *runtime)
{
	const struct lifecycle_options *lifecycle = runtime->service->groups->lifecycle;
	struct service_run *run = runtime_make_run(runtime);
	double pause;

	if (!run) {
		events_starve(runtime->engine);
		return;
	}
	pause = backoff_next(&run->absent_backoff, lifecycle->backoff_min, lifecycle->backoff_max,
			     engine_random(runtime->engine));
	ev_timer_stop(runtime->engine->loop, &run->socket_timer);
	ev_timer_set(&run->socket_timer, pause, 0.);
	ev_timer_start(runtime->engine->loop, &run->socket_timer);
}

static void end_absence(struct service_runtime *runtime)
{
	if (!runtime->run)
		return;
	ev_timer_stop(runtime->engine->loop, &runtime->run->socket_timer);
	backoff_reset(&runtime->run->absent_backoff);
}

/* A service of which no socket is open and one has failed fails as a whole: the required ones, or all optional ones. */
static bool is_reachable(const struct service_runtime *runtime)
{
	bool has_failed = false;

	for (size_t n = 0; n < runtime->listener_count; n++) {
		if (listener_is_open(&runtime->listeners[n]))
			return true;
		has_failed |= listener_absence(&runtime->listeners[n]) == ABSENT_FAILED;
	}
	return !has_failed;
}

bool runtime_bind(struct service_runtime *runtime)
{
	struct failed_sockets failed = { 0 };
	bool all = true, complete;

	for (size_t n = 0; n < runtime->listener_count; n++)
		all &= open_listener(runtime, &runtime->listeners[n], &failed);
	complete = !failed.text.length && !failed.text.failed && is_reachable(runtime);
	if (!complete) {
		runtime_fail(runtime, "bind_error", "%s",
			     failed.text.length ? buf_string(&failed.text) : "none of its sockets can be opened");
		if (failed.lacks_descriptors)
			log_shortage(runtime);
	}
	if (all || !complete)
		end_absence(runtime);
	else
		begin_absence(runtime);
	buf_free(&failed.text);
	return complete;
}

void runtime_open_absent(struct service_runtime *runtime)
{
	struct failed_sockets failed = { 0 };
	unsigned run = runtime->state.run;
	bool may = runtime->service->exec->accept || run == RUN_IDLE || run == RUN_BACKOFF, goes_on = false;

	for (size_t n = 0; n < runtime->listener_count && runtime->state.sockets == SOCKETS_OPEN; n++) {
		struct listener *listener = &runtime->listeners[n];
		enum absence absence = listener_absence(listener);

		if (absence == ABSENT_NO || absence == ABSENT_CONDITION)
			continue;
		if (!may) {
			if (absence != ABSENT_RESTS)
				listener_set_absence(listener, ABSENT_FAILED);  /* tried when the instance has ended */
			goes_on = true;
		} else if (!open_listener(runtime, listener, &failed)) {
			goes_on = true;
		} else if (listener_is_open(listener)) {
			runtime_post(runtime, LOOK);
		}
	}
	if (failed.text.length)
		runtime_post(runtime, BIND_ERROR);
	buf_free(&failed.text);
	if (goes_on)
		begin_absence(runtime);
	else
		end_absence(runtime);
}

void runtime_close_listeners(struct service_runtime *runtime)
{
	standby_sockets_free(runtime);
	end_absence(runtime);
	socket_rest_forget(runtime);
	for (size_t n = 0; n < runtime->listener_count; n++) {
		refuse_parked(&runtime->listeners[n], REFUSED_CLOSED);
		listener_close(&runtime->listeners[n], runtime->engine);
	}
}
