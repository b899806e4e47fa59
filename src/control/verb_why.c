/* `why` and `health`: the state of a service in sentences.
 *
 * Each sentence about a state also names the event that would change it. */
#include "control/verb_why.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

#include "base/duration_text.h"
#include "base/json.h"
#include "config/option/service_mark.h"
#include "control/show_internal.h"
#include "engine/health/health.h"
#include "engine/idle/idle.h"
#include "engine/instance/background.h"
#include "engine/instance/bind_calls.h"
#include "engine/instance/notify_state.h"
#include "engine/instance/ready.h"
#include "engine/runtime/start_queue.h"
#include "engine/runtime/service_list.h"
#include "engine/runtime/wants.h"
#include "engine/instance/relay.h"
#include "engine/service/old_entry.h"
#include "engine/service/operator.h"
#include "engine/service/operator_locks.h"
#include "engine/service/runtime_bind.h"
#include "engine/service/runtime_event.h"
#include "engine/service/socket_commands.h"
#include "engine/supervisor/state_dump.h"
#include "engine/warm/warm_pool.h"
#include "os/netdiag/own_ports.h"
#include "os/proc/port_owner.h"
#include "os/socket/bind.h"

#define HINT_AFTER 5.                   /* seconds after a start; until then a queue is normal */
#define LONG_WAIT .1                    /* seconds from a request to the start that are worth telling */

static void add_span(struct buf *out, double seconds)
{
	char text[DURATION_MOST];

	buf_text(out, duration_write(text, seconds));
}

static void add_pause(const struct service_runtime *runtime, struct buf *out)
{
	double left = state_pause_left(runtime);

	buf_text(out, runtime_reason(runtime));
	if (left < 0)
		return;
	if (runtime_state(runtime) == BACKOFF && runtime_waits_for_order(runtime)) {
		buf_text(out, "; superd does not start it again: superctl start does");
		return;
	}
	buf_text(out, "; it tries again in ");
	add_span(out, left);
}

static pid_t current_pid(const struct service_runtime *runtime)
{
	return runtime_current(runtime) ? runtime_current(runtime)->pid : 0;
}

static void add_starting(const struct service_runtime *runtime, struct buf *out)
{
	const struct instance *current = runtime_current(runtime);

	if (current && current->pid)
		buf_addf(out, "pid %ld is not ready yet%s", (long)current->pid, current->ready ? ": " : "");
	else
		buf_text(out, "the commands before its program run");
	if (current)
		ready_describe(current, out);
}

/* Adds "; relaying 3 clients to 127.0.0.1:6380". */
static void add_relay(const struct service_runtime *runtime, struct buf *out)
{
	const struct instance *current = runtime_current(runtime);

	if (!current || !current->relay)
		return;
	buf_text(out, "; ");
	relay_describe(current->relay, out);
}

/* false: its main process runs, or was not started yet. */
static bool add_ended_pid(const struct instance *instance, struct buf *out)
{
	if (instance->facts.gone > 0)
		buf_addf(out, "pid %ld has ended, and a command after it runs", (long)instance->pid);
	else if (!list_empty(&instance->linger))
		buf_addf(out, "pid %ld has ended, and other processes of it still run", (long)instance->pid);
	return instance->facts.gone > 0 || !list_empty(&instance->linger);
}

static void add_running(const struct service_runtime *runtime, struct buf *out)
{
	const struct instance *current = runtime_current(runtime);
	const struct service_runtime *wanting = wants_find(runtime);

	if (current && current->state == INSTANCE_REMAIN)
		buf_text(out, "its program has done its work");
	else if (current && add_ended_pid(current, out))
		;
	else if (current && current->relay)
		buf_addf(out, "pid %ld runs", (long)current_pid(runtime));
	else
		buf_addf(out, runtime->listener_count ? "pid %ld has its sockets and serves its clients itself"
						     : "pid %ld runs, and has no socket to serve",
			 (long)current_pid(runtime));
	add_relay(runtime, out);
	if (current && current->notice && *current->notice->status)
		buf_addf(out, "; its status: %s", current->notice->status);
	if (wanting)
		buf_addf(out, "; %s wants it", wanting->service->name);
	if (runtime_is_held(runtime))
		buf_text(out, "; it is held, so it is not started again when that has ended");
}

/* Adds "an operator (uid 0) has held it for 5 min: WHAT", and, if the order cannot be stored, why it ends with
 * superd. */
static void add_lock(const struct service_runtime *runtime, enum lock_kind kind, const char *what, struct buf *out)
{
	const struct lock *lock = locks_find(runtime->engine->locks, runtime->service->name);
	const struct lock_order *order = lock ? &lock->orders[kind] : NULL;

	buf_text(out, "an operator ");
	if (order && order->since && order->uid != (uid_t)-1)
		buf_addf(out, "(uid %lu) ", (unsigned long)order->uid);
	buf_addf(out, "has %s it", lock_word(kind));
	if (order && order->since) {
		double since = (double)(time(NULL) - (time_t)order->since);

		buf_text(out, " for ");
		add_span(out, since > 0 ? since : 0);
	}
	buf_addf(out, ": %s", what);
	operator_add_lasting(runtime, kind, out);
}

/* Adds how many programs were started ahead, or why none can be. */
static void add_warm(const struct service_runtime *runtime, struct buf *out)
{
	struct warm_account account = warm_pool_account(runtime);
	int64_t wanted = runtime->service->groups->access->warm;

	if (!wanted)
		return;
	if (account.obstacle)
		buf_addf(out, "; warm: %s", account.obstacle);
	else
		buf_addf(out, "; %u of %lld started ahead wait for a client", account.held, (long long)wanted);
}

static bool has_open_socket(const struct service_runtime *runtime)
{
	for (size_t n = 0; n < runtime->listener_count; n++) {
		if (listener_is_open(&runtime->listeners[n]))
			return true;
	}
	return false;
}

static void add_listening(const struct service_runtime *runtime, struct buf *out)
{
	if (runtime->listener_count && !has_open_socket(runtime)) {
		buf_text(out, "it has no open socket, so no client can reach it");
	} else if (runtime->service->exec->accept) {
		buf_text(out, "it waits for clients, and starts an instance for each");
		add_warm(runtime, out);
	} else if (background_pid(runtime)) {
		buf_text(out, background_serves(runtime) ? "no instance runs, and superd starts none for its clients"
							 : "no instance runs: the next client starts one");
	} else if (runtime->listener_count) {
		buf_text(out, "nothing runs: the next client starts it");
	} else {
		buf_text(out, "nothing runs, and it has no socket: start starts it");
	}
}

static void add_leaving(struct service_runtime *runtime, struct buf *out)
{
	buf_text(out, "a reload has removed it; ");
	old_entry_describe_removed(runtime, out);
}

/* place: as start_queue_place returns it. */
static void add_place_in_line(unsigned place, struct buf *out)
{
	static const char *const ordinals[] = {
		"", "next", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth",
	};

	if (!place)
		buf_addf(out, "more than %d are before it in line", START_PLACE_MOST);
	else if (place < sizeof(ordinals) / sizeof(*ordinals))
		buf_addf(out, "it is the %s in line", ordinals[place]);
	else
		buf_addf(out, "it is number %u in line", place);
}

/* Adds "4 others start now, and no more do at once (max_starting = 4); it is the third in line". */
static void add_line(const struct service_runtime *runtime, struct buf *out)
{
	static const char *const limits[] = {
		[START_LIMIT_DEFAULT] = "max_starting, by default",
		[START_LIMIT_TABLE] = "max_starting =",
		[START_LIMIT_COMMAND_LINE] = "superd --max-starting",
	};
	const struct start_queue *queue = runtime->engine->start_queue;

	if (queue->held)
		buf_text(out, "memory is short: it starts when there is room, or nothing that runs can go; ");
	else
		buf_addf(out, "%u other%s now, and no more do at once (%s %u); ", queue->running_count,
			 queue->running_count == 1 ? " starts" : "s start", limits[queue->limit], queue->most);
	add_place_in_line(start_queue_place(runtime), out);
}

static void add_waiting(const struct service_runtime *runtime, struct buf *out)
{
	switch (runtime_state(runtime)) {
	case OFF:
		if (runtime_is_disabled(runtime))
			add_lock(runtime, LOCK_DISABLED, "enable opens its sockets again", out);
		else
			buf_text(out, "it is not in use");
		break;
	case BINDING:
		if (socket_commands_is_busy(runtime))
			buf_text(out, "its commands before its sockets are open run");
		else
			add_pause(runtime, out);
		break;
	case LISTENING:
		add_listening(runtime, out);
		break;
	case QUEUED:
		if (wants_is_waiting(runtime) && !start_queue_waits(runtime))
			wants_describe(runtime, out);
		else
			add_line(runtime, out);
		break;
	case STARTING:
		add_starting(runtime, out);
		add_relay(runtime, out);
		break;
	case RUNNING:
		add_running(runtime, out);
		break;
	case STOPPING:
		if (runtime_current(runtime) && add_ended_pid(runtime_current(runtime), out))
			break;
		if (current_pid(runtime))
			buf_addf(out, "pid %ld has been requested to stop, and is still running",
				 (long)current_pid(runtime));
		else
			buf_text(out, "commands before or after its program have been requested to end, and still "
				      "run");
		break;
	case CLOSING:
		buf_text(out, "its sockets are closed, and its instances are ending");
		break;
	case BACKOFF:
		add_pause(runtime, out);
		break;
	case FROZEN:
		buf_addf(out, "pid %ld is frozen: a client or superctl thaw wakes it", (long)current_pid(runtime));
		break;
	case HELD:
		if (runtime_is_draining(runtime))
			buf_text(out, "it drains: clients queue until its instances have ended");
		else
			add_lock(runtime, LOCK_HELD, "clients queue until release", out);
		break;
	case FULL:
		if (wants_is_waiting(runtime))
			wants_describe(runtime, out);
		else
			buf_text(out, "it has as many instances as it may: clients queue until one ends");
		break;
	case STATES:
		break;
	}
}

/* Adds the sentence in `text` to the list, if there is one, and empties `text`. */
static void put_sentence(struct buf *text, struct buf *out)
{
	if (text->length)
		json_element_text(out, buf_string(text));
	out->failed |= text->failed;
	buf_clear(text);
}

static void add_queue(const struct service_runtime *runtime, struct buf *text)
{
	int queued = 0;

	for (size_t n = 0; n < runtime->listener_count; n++) {
		const struct listener *listener = &runtime->listeners[n];

		if (listener_has_socket(listener) && endpoint_accepts(listener->listen->endpoint)) {
			int length = bind_queue(listener->io.fd, listener->listen);

			queued += length > 0 ? length : 0;
		}
		queued += listener->parked ? (int)listener->parked->count : 0;
	}
	if (queued)
		buf_addf(text, "%d client%s wait%s in its queue", queued, queued == 1 ? "" : "s",
			 queued == 1 ? "s" : "");
}

/* Adds "2 clients (10.0.0.5, 10.0.0.9)", with the part of them at ports that the program has opened itself. */
static void add_clients(const struct service_view *view, const struct idle_account *account, struct buf *text)
{
	struct buf peers = { 0 };

	buf_addf(text, "%u client%s", account->connections, account->connections == 1 ? "" : "s");
	idle_count_add_peers(view->clients, &peers);
	if (peers.length)
		buf_addf(text, " (%s)", buf_string(&peers));
	text->failed |= peers.failed;
	buf_free(&peers);
	if (account->own && account->own_connections < account->connections)
		buf_addf(text, ", %u of them", account->own_connections);
	if (account->own) {
		buf_text(text, " at its own port ");
		own_port_describe(account->own, text);
	}
}

/* Adds "; nothing has moved for 3 s". */
static void add_quiet(const struct service_view *view, const struct idle_account *account, struct buf *text)
{
	if (account->since > 0) {
		buf_text(text, "; nothing has moved for ");
		add_span(text, view->now > account->since ? view->now - account->since : 0);
	} else {
		buf_text(text, "; data has moved lately");
	}
}

/* Adds "3 connections were closed as probes, and woke nothing (probe = silent)". */
static void add_probes(const struct service_runtime *runtime, struct buf *text)
{
	bool is_silent = runtime->service->groups->lifecycle->probe == PROBE_SILENT;
	uint64_t count = runtime_stats(runtime)->probes;

	if (count)
		buf_addf(text, "%llu connection%s, and woke nothing (%s)", (unsigned long long)count,
			 count == 1 ? " was closed as a probe" : "s were closed as probes",
			 !is_silent					? "probe_from"
			 : service_prepared(runtime->service)->probes	? "probe, probe_from"
									: "probe = silent");
}

static bool relays_clients(const struct service_runtime *runtime)
{
	const struct instance *current = runtime_current(runtime);

	return current && current->relay && (current->relay->connections || current->relay->flows);
}

/* Adds when its idle_timeout ends: "sleeps 30 s after the last one leaves", "sleeps in 18 s". */
static void add_countdown(const struct service_view *view, const struct idle_account *account, struct buf *text)
{
	static const char *const actions[] = { "sleeps", "is frozen", "is reported" };
	bool are_quiet = account->quiet_sleep && account->connections;
	double left = account->timeout - (view->now - account->since);

	buf_addf(text, "; it %s ", actions[account->action]);
	if (account->since > 0 && left <= 0) {
		buf_text(text, "now");
	} else if (account->since > 0) {
		buf_text(text, "in ");
		add_span(text, left);
	} else {
		buf_text(text, account->connections && !are_quiet ? "" : "after ");
		add_span(text, account->timeout);
		buf_text(text, are_quiet	       ? " without any data"
			       : account->connections ? " after the last one leaves"
						      : " without a client");
	}
	if (account->standing == IDLE_POSTPONED)
		buf_text(text, ", and waits for others that go first");
}

/* Adds who is connected, and when the service sleeps: "no clients for 12 s; it sleeps in 18 s". The relay of a service
 * reports its clients itself. */
static void add_idle(const struct service_view *view, struct buf *text)
{
	struct idle_account account;

	if (!idle_describe(view->match.runtime, view->clients, &account))
		return;
	if (account.connections) {
		add_clients(view, &account, text);
		if (account.quiet_sleep)
			add_quiet(view, &account, text);
	} else if (account.since > 0) {
		buf_text(text, "no clients for ");
		add_span(text, view->now > account.since ? view->now - account.since : 0);
	} else if (relays_clients(view->match.runtime)) {
		buf_text(text, "its relay has clients");
	} else {
		buf_text(text, account.known ? "no clients" : "clients are not counted yet");
	}
	if (account.standing == IDLE_BUSY)
		buf_addf(text, "; not idle: %s", account.busy);
	if (account.standing != IDLE_FROZEN && account.standing != IDLE_REPORTED && account.standing != IDLE_BUSY)
		add_countdown(view, &account, text);
}

/* Adds the usual reason why clients queue although the program runs: the program opens a port of its own. */
static void add_own_port_hint(const struct service_view *view, struct buf *text)
{
	const struct service_runtime *runtime = view->match.runtime;
	const char *where = runtime->service->exec->pass == PASS_INETD ? "at its standard input"
								      : "at descriptor 3, as LISTEN_FDS announces";
	uint16_t port;

	if (runtime_state(runtime) != RUNNING || service_is_relayed(runtime->service))
		return;
	port = process_own_port(current_pid(runtime), service_user(runtime->service));
	if (port) {
		buf_addf(text,
			 "pid %ld listens at port %u itself: its program must accept %s, and must not open a port of "
			 "its own; or set pass = bind",
			 (long)current_pid(runtime), port, where);
		return;
	}
	if (view->now - runtime_stats(runtime)->last_start < HINT_AFTER)
		return;
	buf_addf(text,
		 "if no client is ever served: its program must accept %s; a program that opens its own port does not",
		 where);
}

static void add_last_start(const struct service_view *view, const struct service_stats *stats, struct buf *text)
{
	if (stats->last_start <= 0)
		return;
	buf_text(text, "last started ");
	add_span(text, view->now - stats->last_start);
	buf_text(text, " ago");
	if (*stats->last_peer)
		buf_addf(text, " by %s", stats->last_peer);
	if (stats->last_wait >= LONG_WAIT) {
		buf_text(text, ", ");
		add_span(text, stats->last_wait);
		buf_text(text, " after it was wanted");
	}
	if (stats->last_latency > 0) {
		buf_text(text, ", ready after ");
		add_span(text, fmax(stats->last_latency - stats->last_wait, 0));
	}
}

static void add_last_end(const struct service_view *view, const struct service_stats *stats, struct buf *text)
{
	char status[48];

	if (stats->last_end <= 0)
		return;
	status_describe(stats->last_status, status);
	buf_addf(text, "last ended with %s ", status);
	add_span(text, view->now - stats->last_end);
	buf_text(text, " ago, after ");
	add_span(text, stats->last_duration);
}

/* Adds the last line that the program printed, most often the reason of a failure. With accept = yes any instance may
 * have printed it. */
static void add_last_line(const struct service_runtime *runtime, struct buf *text)
{
	const struct service_stats *stats = runtime_stats(runtime);
	bool has_failed = stats->last_end > 0 && !result_is_good(stats->last_result);
	const char *line = start_kit_last_line(&runtime->run->kit);

	if ((has_failed || runtime_state(runtime) == BACKOFF) && *line)
		buf_addf(text, "last printed: %s", line);
}

/* The number of failures right behind this one, which are older, with the same reason why nothing could be started.
 * The ends of processes are told one by one, with their pids. */
static unsigned count_same_failures(const struct failures *failures, unsigned first)
{
	unsigned next = first + 1;

	while (next < failures->count && *failures->kept[first].why &&
	       !strcmp(failures->kept[next].why, failures->kept[first].why))
		next++;
	return next - first - 1;
}

/* Adds the last failures of a service with accept = yes. Other services pause after a failure, and report it there. */
static void add_failures(const struct service_view *view, const struct failures *failures, struct buf *text,
			 struct buf *out)
{
	if (failures->in_row > 1)
		buf_addf(text, "the last %u instances all failed", failures->in_row);
	put_sentence(text, out);
	for (unsigned n = 0, more; n < failures->count; n += more + 1) {
		const struct failure *failure = &failures->kept[n];

		more = count_same_failures(failures, n);
		buf_text(text, "failed ");
		add_span(text, view->now - failure->at);
		buf_text(text, " ago: ");
		if (failure->pid)
			buf_addf(text, "pid %ld, ", (long)failure->pid);
		if (*failure->peer)
			buf_addf(text, "for %s, ", failure->peer);
		failure_describe(failure, text);
		if (more) {
			buf_addf(text, "; the same happened %u time%s before, first ", more, more == 1 ? "" : "s");
			add_span(text, view->now - failures->kept[n + more].at);
			buf_text(text, " ago");
		}
		put_sentence(text, out);
	}
}

static void add_sentences(const struct service_view *view, struct buf *out)
{
	struct service_runtime *runtime = view->match.runtime;
	struct buf text = { 0 };
	bool is_queued;

	buf_addf(&text, "%s for ", runtime_state_name(runtime));
	add_span(&text, view->now - runtime->since);
	buf_text(&text, ": ");
	if (runtime_is_removed(runtime))
		add_leaving(runtime, &text);
	else
		add_waiting(runtime, &text);
	put_sentence(&text, out);
	for (size_t n = 0; n < runtime->listener_count && runtime_state(runtime) != BACKOFF; n++) {
		runtime_describe_absence(runtime, &runtime->listeners[n], &text);
		put_sentence(&text, out);
	}
	add_queue(runtime, &text);
	is_queued = text.length;
	put_sentence(&text, out);
	if (is_queued && runtime->run && runtime->service->exec->pass != PASS_BIND)
		add_own_port_hint(view, &text);
	put_sentence(&text, out);
	if (runtime_current(runtime))
		bind_calls_tell(runtime_current(runtime), &text);
	put_sentence(&text, out);
	background_describe(runtime, &text);
	put_sentence(&text, out);
	add_idle(view, &text);
	put_sentence(&text, out);
	add_probes(runtime, &text);
	put_sentence(&text, out);
	old_entry_describe(runtime, &text);
	put_sentence(&text, out);
	if (runtime->run) {
		add_last_start(view, runtime_stats(runtime), &text);
		put_sentence(&text, out);
		add_last_end(view, runtime_stats(runtime), &text);
		put_sentence(&text, out);
		add_last_line(runtime, &text);
		put_sentence(&text, out);
		if (runtime->service->exec->accept)
			add_failures(view, &runtime_stats(runtime)->failed, &text, out);
	}
	buf_free(&text);
}

/* Adds the reason why the entry is left out, and what brings the service back. */
static void add_left_out(const struct service_match *match, struct buf *text, struct buf *out)
{
	const char *reason = left_out_reason(match->left_out);

	if (match->runtime)
		buf_addf(text, "its configuration has errors now, so the previous one stays in effect: %s", reason);
	else
		buf_addf(text, "left out, so no client is served: %s", reason);
	put_sentence(text, out);
	if (match->runtime || !match->left_out->may_return)
		buf_text(text, "correct its configuration, then superctl reload");
	else
		buf_text(text, "superd checks this from time to time, and serves it as soon as it can; a reload "
			       "checks at once");
	put_sentence(text, out);
}

void verb_why_write(const struct service_view *view, struct buf *out)
{
	const struct service *row = view->match.row;
	struct buf text = { 0 };

	json_object_open(out);
	json_text_field(out, "service", row->name);
	json_text_field(out, "state", service_match_state(&view->match));
	json_count_field(out, "instances", view->match.runtime ? view->match.runtime->instance_count : 0);
	json_count_field(out, "activations", runtime_stats(view->match.runtime)->activations);
	show_pause(view, out);
	json_list_field(out, "why");
	if (view->match.runtime)
		add_sentences(view, out);
	if (view->match.left_out) {
		add_left_out(&view->match, &text, out);
	} else if (!view->match.runtime) {
		buf_text(&text, "disabled: the configuration has disable = yes");
		origin_cite(service_origin(row, "disable"), &text);
		put_sentence(&text, out);
	}
	buf_free(&text);
	json_list_close(out);
	json_object_close(out);
}

void verb_why_write_health(const struct supervisor *supervisor, struct buf *out)
{
	struct buf lines = { 0 }, line = { 0 };
	enum health health = health_check(&supervisor->engine, &lines);

	json_flag_field(out, "healthy", health != UNHEALTHY);
	json_flag_field(out, "degraded", health == DEGRADED);
	json_list_field(out, "reasons");
	for (const char *at = buf_string(&lines); *at; at += strcspn(at, "\n") + 1) {
		buf_add(&line, at, strcspn(at, "\n"));
		put_sentence(&line, out);
	}
	json_list_close(out);
	out->failed |= lines.failed;
	buf_free(&lines);
	buf_free(&line);
}

void verb_why_write_health_of(const struct service_view *view, struct buf *out)
{
	const struct service_match *match = &view->match;
	struct buf why = { 0 };
	enum health health = health_of(&view->supervisor->engine, match->runtime, match->left_out, &why);

	for (size_t n = 0; match->runtime && n < match->runtime->listener_count && !why.length; n++)
		runtime_describe_absence(match->runtime, &match->runtime->listeners[n], &why);
	json_object_open(out);
	json_text_field(out, "service", match->row->name);
	json_text_field(out, "state", service_match_state(match));
	json_flag_field(out, "healthy", health != UNHEALTHY);
	json_flag_field(out, "degraded", health == DEGRADED);
	json_text_field(out, "reason", why.length ? buf_string(&why) : NULL);
	json_object_close(out);
	out->failed |= why.failed;
	buf_free(&why);
}
