/* Composes the line of a service for the query verbs, by a table of its parts.
 *
 * A disabled row has no runtime, and a runtime that was never started has no counters: their fields are null or 0. */
#include "superd/control/show.h"

#include <sys/wait.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/json.h"
#include "lib/number.h"
#include "lib/scan.h"
#include "os/proc/port_owner.h"
#include "os/rights/own_privileges.h"
#include "os/socket/bind.h"
#include "superd/service/socket_rest.h"
#include "superd/stop/client_look.h"
#include "superd/stop/health.h"
#include "superd/instance/background.h"
#include "superd/instance/bind_calls.h"
#include "superd/instance/notify_state.h"
#include "superd/instance/outdated.h"
#include "superd/instance/ready.h"
#include "superd/instance/relay.h"
#include "superd/instance/shared_process.h"
#include "superd/instance/warm_pool.h"
#include "superd/loop/exit_result.h"
#include "superd/machine/preflight.h"
#include "superd/instance/start_queue.h"
#include "superd/instance/wants.h"
#include "superd/service/boot_locks.h"
#include "superd/service/old_entry.h"
#include "superd/service/operator_locks.h"
#include "superd/service/runtime_bind.h"
#include "superd/service/runtime_event.h"
#include "superd/service/socket_commands.h"
#include "superd/stop/idle.h"
#include "superd/stop/stop.h"
#include "table/option/service_mark.h"
#include "table/type/type.h"

#define LOG_LINES 10                    /* lines of the log in an answer of status */
#define DUMP_MOST 3500                  /* bytes of a row for the log, as a JSON string: so a pipe takes it whole */

double show_wall_offset(double now)
{
	return clock_wall() - now;
}

#define INSTANCES_MOST 100              /* instances listed one by one */
#define USAGE_MOST 64                   /* instances of which a sum reads memory and processor time */
#define PEER_MOST 200                   /* bytes of a peer's name in JSON, with its quotes */

static const struct service_stats *stats_of(const struct service_view *view)
{
	return runtime_stats(view->match.runtime);
}

/* Adds a number of seconds; null if it is not known. */
static void add_seconds(struct buf *out, const char *name, bool known, double seconds)
{
	if (known)
		json_seconds_field(out, name, seconds);
	else
		json_null_field(out, name);
}

/* Adds a text, or null if it is empty, and frees it. */
static void add_text(struct buf *out, const char *name, struct buf *text)
{
	json_text_field(out, name, text->length ? buf_string(text) : NULL);
	out->failed |= text->failed;
	buf_free(text);
}

/* service and state alone */
static void show_name(const struct service_view *view, struct buf *out)
{
	json_text_field(out, "service", view->match.row->name);
	json_text_field(out, "state", service_match_state(&view->match));
}

/* service, state, since, held, … */
static void show_state(const struct service_view *view, struct buf *out)
{
	const struct service_runtime *runtime = view->match.runtime;

	show_name(view, out);
	add_seconds(out, "since", runtime, runtime ? runtime->since + view->offset : 0);
	add_seconds(out, "for", runtime, runtime ? view->now - runtime->since : 0);
	if (runtime && start_queue_place(runtime))
		json_count_field(out, "place", start_queue_place(runtime));
	json_flag_field(out, "held", runtime && locks_hold(runtime));
	json_flag_field(out, "enabled", runtime && !runtime_is_disabled(runtime));
	json_flag_field(out, "disabled_at_boot", runtime && locks_disable_at_boot(runtime));
	json_flag_field(out, "degraded", runtime && health_is_degraded(runtime));
	json_text_field(out, "left_out", view->match.left_out ? left_out_reason(view->match.left_out) : NULL);
	json_count_field(out, "outdated", runtime ? old_entry_count(view->match.runtime) : 0);
}

/* Adds the orders of operators that are in effect: hold and disable. */
static void show_locks(const struct service_view *view, struct buf *out)
{
	const struct service_runtime *runtime = view->match.runtime;
	const struct lock *lock = runtime ? locks_find(runtime->engine->locks, runtime->service->name) : NULL;
	struct buf why = { 0 };

	json_list_field(out, "locks");
	for (int kind = 0; lock && kind < LOCK_KINDS; kind++) {
		const struct lock_order *order = &lock->orders[kind];
		bool outlives;

		if (!order->since)
			continue;
		buf_clear(&why);
		if (kind == LOCK_AT_BOOT)
			outlives = boot_locks_last(runtime->engine, &why);
		else
			outlives = locks_outlive(runtime->engine, &why);
		json_object_open(out);
		json_text_field(out, "lock", lock_word(kind));
		json_whole_field(out, "uid", order->uid == (uid_t)-1 ? -1 : (int64_t)order->uid);
		json_count_field(out, "since", (uint64_t)order->since);
		json_text_field(out, "ends_with_superd", outlives ? NULL : buf_string(&why));
		json_object_close(out);
	}
	json_list_close(out);
	out->failed |= why.failed;
	buf_free(&why);
}

/* The length of a socket's queue, or -1. For a socket without connections it is 0 or 1: the kernel counts bytes
 * there. */
static int queue_length(const struct listener *listener, const struct listen *listen)
{
	int length = bind_queue(listener->fd, listen);

	return endpoint_accepts(listen->endpoint) || length < 0 ? length : length > 0;
}

/* Adds that superd takes no client from a socket, and why. */
static void add_absence(const struct service_runtime *runtime, const struct listener *listener, bool whole,
			struct buf *out)
{
	static const char *const causes[] = { [ABSENT_FAILED] = "failed", [ABSENT_CONDITION] = "condition",
					      [ABSENT_DUE] = "failed", [ABSENT_RESTS] = "rests" };
	double rest = socket_rest_left(runtime, listener);
	enum absence absence = rest > 0 ? ABSENT_RESTS : listener_absence(listener);
	struct buf why = { 0 };

	if (absence == ABSENT_NO)
		return;
	json_text_field(out, "absent", causes[absence]);
	if (whole && rest > 0) {
		socket_rest_describe(runtime, listener, &why);
		add_text(out, "why", &why);
		json_seconds_field(out, "rests_for", rest);
	} else if (whole && absence == ABSENT_CONDITION) {
		show_place(out, "condition_at",
			   service_listen_origin(runtime->service, listener->listen, "socket_condition"));
	}
}

static void add_listener(const struct service_view *view, size_t number, bool whole, struct buf *out)
{
	const struct service_runtime *runtime = view->match.runtime;
	const struct listen *listen = &view->match.row->sockets[number];
	const struct listener *listener =
		runtime && number < runtime->listener_count ? &runtime->listeners[number] : NULL;
	bool has_socket = listener && listener_has_socket(listener);
	struct buf endpoint = { 0 };

	if (has_socket && whole)
		bind_describe(listener->fd, listen, &endpoint);
	else
		endpoint_format(listen->endpoint, &endpoint);
	json_object_open(out);
	add_text(out, "endpoint", &endpoint);
	if (whole) {
		json_text_field(out, "name", listen->name);
		json_flag_field(out, "open", listener && listener_is_open(listener));
	}
	if (whole && listener && listener->is_old)
		json_flag_field(out, "old_options", true);
	if (listener)
		add_absence(runtime, listener, whole, out);
	json_whole_field(out, "queue", has_socket ? queue_length(listener, listen) : -1);
	if (whole)
		json_whole_field(out, "queue_limit", has_socket ? bind_queue_limit(listener->fd, listen) : -1);
	if (listener && listener->parked)
		json_count_field(out, "parked", listener->parked->count);
	json_object_close(out);
}

/* Takes back the last element of a list, which began at `before`, if the line is too long with it as a JSON string. */
static bool take_back(const struct service_view *view, size_t before, struct buf *out)
{
	struct buf quoted = { 0 };
	bool is_long;

	if (!view->most)
		return false;
	json_quote(&quoted, buf_string(out), out->length);
	is_long = quoted.failed || quoted.length > view->most;
	buf_free(&quoted);
	return is_long && buf_cut(out, before);
}

static void add_listeners(const struct service_view *view, bool whole, struct buf *out)
{
	size_t listed = 0, count = view->match.row->socket_count;

	json_list_field(out, "listeners");
	for (; listed < count; listed++) {
		size_t before = out->length;

		add_listener(view, listed, whole, out);
		if (take_back(view, before, out))
			break;
	}
	json_list_close(out);
	if (listed < count)
		json_count_field(out, "more_listeners", count - listed);
}

static void show_listeners(const struct service_view *view, struct buf *out)
{
	add_listeners(view, true, out);
}

/* listeners without name, open, queue_limit */
static void show_endpoints(const struct service_view *view, struct buf *out)
{
	add_listeners(view, false, out);
}

static struct resource_usage usage_of_instance(const struct instance *instance)
{
	if (instance->process)
		return shared_process_usage(instance->process);
	if (!instance->cgroup.path)
		return resource_usage_of_process(instance->child.pid);
	return resource_usage_of_cgroup(instance->cgroup.path, instance->cgroup.kept);
}

static void show_usage(struct resource_usage usage, struct buf *out)
{
	json_whole_field(out, "memory", usage.memory);
	add_seconds(out, "cpu", usage.cpu >= 0, usage.cpu);
}

/* Sums memory and processor time over at most USAGE_MOST instances. */
static struct resource_usage usage_of_service(struct service_runtime *runtime)
{
	struct resource_usage sum = { -1, -1 };
	size_t count = 0;

	if (!runtime)
		return sum;
	LIST_EACH(link, runtime_instances(runtime)) {
		struct resource_usage usage = usage_of_instance(container_of(link, struct instance, link));

		if (usage.memory >= 0)
			sum.memory = usage.memory + (sum.memory > 0 ? sum.memory : 0);
		if (usage.cpu >= 0)
			sum.cpu = usage.cpu + (sum.cpu > 0 ? sum.cpu : 0);
		if (++count == USAGE_MOST)
			break;
	}
	return sum;
}

static const char *instance_state(const struct service_runtime *runtime, const struct instance *instance)
{
	if (instance->child.pid <= 0 && instance->pid > 0 && !instance->process)
		return "lingering";
	if (instance->facts.stopped)
		return "stopping";
	if (instance_is_starting(instance) || instance->pid <= 0)
		return "starting";
	return runtime_state(runtime) == FROZEN && runtime_current(runtime) == instance ? "frozen" : "running";
}

/* Adds the options and sockets that an instance still has from the row before a reload. */
static void add_outdated(const struct outdated *outdated, struct buf *out)
{
	json_object_field(out, "outdated");
	json_list_field(out, "options");
	for (size_t n = 0; n < outdated->count; n++)
		json_element_text(out, outdated->options[n].name);
	json_list_close(out);
	if (outdated->sockets.length)
		json_text_field(out, "sockets", buf_string(&outdated->sockets));
	json_object_close(out);
}

static void add_stop(const struct stop_facts *facts, struct buf *out)
{
	json_object_field(out, "stop");
	json_text_field(out, "reason", facts->reason);
	json_text_field(out, "phase", facts->phase);
	json_count_field(out, "clients", facts->clients);
	if (facts->left >= 0)
		json_seconds_field(out, "left", facts->left);
	json_object_close(out);
}

static void add_waits_for(const struct instance *instance, struct buf *out)
{
	struct buf text = { 0 };

	ready_describe(instance, &text);
	if (text.length)
		json_text_field(out, "waits_for", buf_string(&text));
	buf_free(&text);
}

/* the traffic of its relays, now and in all */
static void show_relay(const struct service_view *view, struct buf *out)
{
	const struct service_runtime *runtime = view->match.runtime;
	const struct relayed *relayed = &stats_of(view)->relayed;
	const struct instance *current = runtime ? runtime_current(runtime) : NULL;
	const struct relay_process *relay = current ? current->relay : NULL;

	if (!service_is_relayed(view->match.row)) {
		json_null_field(out, "relay");
		return;
	}
	json_object_field(out, "relay");
	json_count_field(out, "connections", relay ? relay->connections : 0);
	json_count_field(out, "flows", relay ? relay->flows : 0);
	json_count_field(out, "relayed", relayed->connections);
	json_count_field(out, "received", relayed->received);
	json_count_field(out, "sent", relayed->sent);
	json_object_close(out);
}

/* Adds the process that relays clients to the program (exec beside redirect). */
static void add_relay(const struct relay_process *relay, struct buf *out)
{
	struct buf target = { 0 };

	relay_add_target(relay->instance->service, &target);
	json_object_field(out, "relay");
	json_whole_field(out, "pid", relay->child.pid > 0 ? relay->child.pid : -1);
	add_text(out, "target", &target);
	json_flag_field(out, "answers", relay->up);
	json_text_field(out, "error", relay->error ? strerror(relay->error) : NULL);
	json_whole_field(out, "connections", (int64_t)relay->connections);
	json_whole_field(out, "flows", (int64_t)relay->flows);
	json_object_close(out);
}

/* pass = bind: adds the listeners that its program has, and those that it lacks. */
static void add_binds(const struct service_runtime *runtime, const struct instance *instance, struct buf *out)
{
	struct buf unbound = { 0 };

	if (!instance->bind_calls)
		return;
	json_list_field(out, "binds");
	for (size_t n = 0; n < runtime->listener_count; n++) {
		struct buf note = { 0 }, endpoint = { 0 };
		const struct bind_use *use = bind_calls_given(instance, n, &note);

		if (!use)
			continue;
		endpoint_format(runtime->listeners[n].listen->endpoint, &endpoint);
		json_object_open(out);
		json_text_field(out, "asked", use->asked);
		add_text(out, "endpoint", &endpoint);
		add_text(out, "note", &note);
		json_object_close(out);
	}
	json_list_close(out);
	bind_calls_describe(instance, &unbound);
	add_text(out, "unbound", &unbound);
}

static void add_instance(const struct service_view *view, const struct instance *instance, struct buf *out)
{
	const char *says = instance->notice ? instance->notice->status : "";
	struct stop_facts stop;

	json_object_open(out);
	json_whole_field(out, "pid", instance->pid > 0 ? instance->pid : -1);
	json_text_field(out, "state", instance_state(view->match.runtime, instance));
	json_seconds_field(out, "since", instance->since + view->offset);
	json_seconds_field(out, "age", view->now - instance->since);
	if (!view->most)
		show_usage(usage_of_instance(instance), out);
	if (instance->client.peer)
		json_bounded_field(out, "peer", instance->client.peer, PEER_MOST);
	else
		json_null_field(out, "peer");
	json_text_field(out, "says", *says ? says : NULL);
	if (instance == runtime_current(view->match.runtime))
		json_flag_field(out, "current", true);
	if (instance->state == INSTANCE_REMAIN)
		json_flag_field(out, "remains", true);
	if (instance->facts.gone > 0 || !list_empty(&instance->linger))
		json_text_field(out, "still_runs", instance->facts.gone > 0 ? "command" : "processes");
	add_waits_for(instance, out);
	add_binds(view->match.runtime, instance, out);
	if (instance->relay)
		add_relay(instance->relay, out);
	if (instance->retired)
		json_flag_field(out, "retired", true);
	if (stop_describe(instance, &stop))
		add_stop(&stop, out);
	if (runtime_state(view->match.runtime) == STOPPING && instance == runtime_current(view->match.runtime) &&
	    view->match.runtime->run->lack.length)
		json_text_field(out, "no_second_socket", buf_string(&view->match.runtime->run->lack));
	if (instance->outdated)
		add_outdated(instance->outdated, out);
	json_object_close(out);
}

static void show_instances(const struct service_view *view, struct buf *out)
{
	size_t count = 0, most = INSTANCES_MOST;

	json_list_field(out, "instances");
	if (view->match.runtime) {
		LIST_EACH(link, runtime_instances(view->match.runtime)) {
			size_t before = out->length;

			if (count < most)
				add_instance(view, container_of(link, struct instance, link), out);
			if (take_back(view, before, out))
				most = count;
			count++;
		}
	}
	json_list_close(out);
	if (count > most)
		json_count_field(out, "more_instances", count - most);
}

static void show_instance_count(const struct service_view *view, struct buf *out)
{
	size_t count = 0;

	if (view->match.runtime) {
		LIST_EACH(link, runtime_instances(view->match.runtime))
			count++;
	}
	json_count_field(out, "instances", count);
}

/* those that wait for a client */
static void show_warm_programs(const struct service_view *view, struct buf *out)
{
	struct warm_program programs[INSTANCES_MOST];
	struct service_runtime *runtime = view->match.runtime;
	size_t count = runtime ? warm_pool_list(runtime, programs, INSTANCES_MOST) : 0;

	if (!count && !view->match.row->groups->access->warm)
		return;
	json_list_field(out, "warm_programs");
	for (size_t n = 0; n < count; n++) {
		json_object_open(out);
		json_whole_field(out, "pid", programs[n].instance->pid);
		json_seconds_field(out, "since", programs[n].since + view->offset);
		json_seconds_field(out, "age", view->now - programs[n].since);
		show_usage(usage_of_instance(programs[n].instance), out);
		json_object_close(out);
	}
	json_list_close(out);
	if (count && warm_pool_account(runtime).held > count)
		json_count_field(out, "more_warm_programs", warm_pool_account(runtime).held - count);
}

/* The programs that were started ahead of their clients. */
static void add_warm(const struct service_view *view, struct buf *out)
{
	const struct service_stats *stats = stats_of(view);
	int64_t wanted = view->match.row->groups->access->warm;
	struct warm_account account = { 0 };

	if (!wanted) {
		json_null_field(out, "warm");
		return;
	}
	if (view->match.runtime)
		account = warm_pool_account(view->match.runtime);
	json_object_field(out, "warm");
	json_whole_field(out, "wanted", wanted);
	json_count_field(out, "held", account.held);
	json_count_field(out, "preparing", account.preparing);
	json_count_field(out, "taken", stats->warm_taken);
	json_count_field(out, "missed", stats->warm_missed);
	json_text_field(out, "obstacle", account.obstacle);
	json_object_close(out);
}

static void show_activations(const struct service_view *view, struct buf *out)
{
	json_count_field(out, "activations", stats_of(view)->activations);
}

static void show_counts(const struct service_view *view, struct buf *out)
{
	const struct service_stats *stats = stats_of(view);

	show_activations(view, out);
	json_count_field(out, "accepted", stats->accepted);
	json_count_field(out, "failures", stats->failures);
	json_count_field(out, "probes", stats->probes);
	json_count_field(out, "idle_stops", stats->idle_stops);
	json_count_field(out, "pressure_sleeps", stats->pressure_sleeps);
	json_count_field(out, "freezes", stats->freezes);
	json_count_field(out, "wakes", stats->wakes);
	add_warm(view, out);
}

static void show_refused(const struct service_view *view, struct buf *out)
{
	const struct service_stats *stats = stats_of(view);

	json_object_field(out, "refused");
	for (int reason = 0; reason < REFUSALS; reason++) {
		if (stats->refused[reason])
			json_count_field(out, refusal_name((enum refusal)reason), stats->refused[reason]);
	}
	json_object_close(out);
}

static void add_last_activation(const struct service_view *view, const struct service_stats *stats, struct buf *out)
{
	json_object_field(out, "last_activation");
	json_seconds_field(out, "at", stats->last_start + view->offset);
	json_text_field(out, "by", *stats->last_peer ? stats->last_peer : NULL);
	json_seconds_field(out, "wait", stats->last_wait);
	add_seconds(out, "latency", stats->last_latency > 0, stats->last_latency);
	json_object_close(out);
}

static void add_last_exit(const struct service_view *view, const struct service_stats *stats, struct buf *out)
{
	bool signalled = WIFSIGNALED(stats->last_status);
	char name[32];

	json_object_field(out, "last_exit");
	json_seconds_field(out, "at", stats->last_end + view->offset);
	json_whole_field(out, "status", signalled ? -1 : WEXITSTATUS(stats->last_status));
	json_text_field(out, "signal", signalled ? scan_signal_name(WTERMSIG(stats->last_status), name) : NULL);
	if (WCOREDUMP(stats->last_status))
		json_flag_field(out, "core_dumped", true);
	json_text_field(out, "result", result_name((enum result)stats->last_result));
	json_seconds_field(out, "lasted", stats->last_duration);
	json_object_close(out);
}

static void add_failure(const struct service_view *view, const struct failure *failure, struct buf *out)
{
	bool has_status = !*failure->why, signalled = has_status && WIFSIGNALED(failure->status);
	char name[32];

	json_object_open(out);
	json_seconds_field(out, "at", failure->at + view->offset);
	json_whole_field(out, "pid", failure->pid > 0 ? failure->pid : -1);
	json_text_field(out, "peer", *failure->peer ? failure->peer : NULL);
	json_whole_field(out, "status", has_status && !signalled ? WEXITSTATUS(failure->status) : -1);
	json_text_field(out, "signal", signalled ? scan_signal_name(WTERMSIG(failure->status), name) : NULL);
	if (has_status && WCOREDUMP(failure->status))
		json_flag_field(out, "core_dumped", true);
	json_text_field(out, "result", result_name((enum result)failure->result));
	json_text_field(out, "reason", has_status ? NULL : failure->why);
	if (failure->hint)
		json_text_field(out, "hint", failure_hint(failure->hint));
	json_seconds_field(out, "lasted", failure->lasted);
	json_object_close(out);
}

/* the last failures, the newest first */
static void show_failures(const struct service_view *view, struct buf *out)
{
	const struct service_stats *stats = stats_of(view);

	json_count_field(out, "failed_in_row", stats->failed.in_row);
	json_list_field(out, "last_failures");
	for (unsigned n = 0; n < stats->failed.count; n++)
		add_failure(view, &stats->failed.kept[n], out);
	json_list_close(out);
}

void show_place(struct buf *out, const char *name, struct origin at)
{
	struct buf place = { 0 };

	if (at.file)
		buf_addf(&place, "%s:%u", at.file, at.line);
	add_text(out, name, &place);
}

/* Adds what is before the service in line. */
static void add_line(const struct service_runtime *runtime, struct buf *out)
{
	static const char *const limits[] = { "default", "configuration", "command line" };
	const struct start_queue *queue = runtime->engine->start_queue;

	json_object_field(out, "line");
	json_count_field(out, "starting", queue->running_count);
	json_count_field(out, "most", queue->most);
	json_text_field(out, "limit", limits[queue->limit]);
	json_flag_field(out, "memory_short", queue->held);
	if (!start_queue_place(runtime))
		json_count_field(out, "more_than", START_PLACE_MOST);
	json_object_close(out);
}

static void add_wants(const struct service_runtime *runtime, struct buf *out)
{
	const struct service_runtime *wanting = wants_find(runtime);
	const char *name;
	size_t at = 0;

	if (wanting)
		json_text_field(out, "wanted_by", wanting->service->name);
	if (!wants_is_waiting(runtime) || start_queue_waits(runtime))
		return;
	json_list_field(out, "waits_for");
	while ((name = wants_next(runtime, &at)))
		json_element_text(out, name);
	json_list_close(out);
}

void show_background(const struct service_runtime *runtime, struct buf *out)
{
	struct buf text = { 0 };
	pid_t pid = background_pid(runtime);

	if (!pid)
		return;
	json_object_field(out, "background");
	json_count_field(out, "pid", (uint64_t)pid);
	json_flag_field(out, "serves", background_serves(runtime));
	if (!background_describe(runtime, &text))
		buf_clear(&text);
	add_text(out, "text", &text);
	json_object_close(out);
}

/* Adds the port that a program listens at itself while its clients queue: the usual reason why it takes none. */
static void add_own_port(const struct service_runtime *runtime, struct buf *out)
{
	const struct instance *current = runtime_current(runtime);
	bool queued = false;

	if (runtime_state(runtime) != RUNNING || !current || service_is_relayed(runtime->service) ||
	    runtime->service->exec->pass == PASS_BIND)
		return;
	for (size_t n = 0; n < runtime->listener_count && !queued; n++) {
		const struct listener *listener = &runtime->listeners[n];

		queued = listener_has_socket(listener) && endpoint_accepts(listener->listen->endpoint) &&
			 bind_queue(listener->fd, listener->listen) > 0;
	}
	if (queued)
		json_whole_field(out, "opened_port",
				 (int64_t)process_own_port(current->pid, service_user(runtime->service)));
}

/* Adds the last line that the program printed, most often the reason of a failure. With accept = yes any instance may
 * have printed it. */
static void add_last_line(const struct service_runtime *runtime, struct buf *out)
{
	const struct service_stats *stats = runtime_stats(runtime);
	bool has_failed = stats->last_end > 0 && !result_is_good(stats->last_result);
	const char *line = start_kit_last_line(&runtime->run->kit);

	if ((has_failed || runtime_state(runtime) == BACKOFF) && *line)
		json_text_field(out, "last_line", line);
}

/* what keeps it in its state */
static void show_circumstances(const struct service_view *view, struct buf *out)
{
	static const char *const passes[] = { "systemd", "inetd", "bind" };    /* enum pass */
	struct service_runtime *runtime = view->match.runtime;
	const struct service *row = view->match.row;
	struct buf text = { 0 };

	json_text_field(out, "pass", passes[row->exec->pass]);
	json_flag_field(out, "probe", row->groups->lifecycle->probe == PROBE_SILENT);
	json_flag_field(out, "probe_from", service_prepared(row)->probes);
	if (view->match.left_out)
		json_flag_field(out, "may_return", view->match.left_out->may_return);
	else if (!runtime)
		show_place(out, "disabled_at", service_origin(row, "disable"));
	if (!runtime)
		return;
	if (runtime_is_removed(runtime)) {
		old_entry_describe_removed(runtime, &text);
		add_text(out, "removed", &text);
	}
	if (runtime_is_draining(runtime))
		json_flag_field(out, "drains", true);
	if (socket_commands_is_busy(runtime))
		json_flag_field(out, "socket_commands", true);
	else if (sockets_are_under_way(runtime))
		json_flag_field(out, "socket_conditions", true);
	if (start_queue_waits(runtime))
		add_line(runtime, out);
	add_wants(runtime, out);
	show_background(runtime, out);
	add_own_port(runtime, out);
	if (runtime->run && !view->hides_program)
		add_last_line(runtime, out);
}

/* until superd tries again; null: no pause */
static void show_pause(const struct service_view *view, struct buf *out)
{
	const struct service_runtime *runtime = view->match.runtime;

	if (!runtime || runtime_pause_left(runtime) < 0) {
		json_null_field(out, "pause");
		return;
	}
	json_object_field(out, "pause");
	json_flag_field(out, "failed", runtime_phase(runtime) == HISTORY_FAILED);
	json_text_field(out, "reason", runtime->run->reason);
	add_seconds(out, "left", runtime_state(runtime) != BACKOFF || !runtime_waits_for_order(runtime),
		    runtime_pause_left(runtime));
	json_object_close(out);
}

/* last_activation, last_exit */
static void show_past(const struct service_view *view, struct buf *out)
{
	const struct service_stats *stats = stats_of(view);

	if (stats->last_start > 0)
		add_last_activation(view, stats, out);
	else
		json_null_field(out, "last_activation");
	if (stats->last_end > 0)
		add_last_exit(view, stats, out);
	else
		json_null_field(out, "last_exit");
}

static void show_idle(const struct service_view *view, struct buf *out)
{
	static const char *const actions[] = { "stop", "freeze", "report" };
	const struct service_runtime *runtime = view->match.runtime;
	struct idle_account account;
	struct buf own = { 0 };

	if (!runtime || !idle_describe(runtime, &account)) {
		json_null_field(out, "idle");
		return;
	}
	json_object_field(out, "idle");
	json_text_field(out, "standing", idle_status_word(account.standing));
	json_seconds_field(out, "timeout", account.timeout);
	json_text_field(out, "action", actions[account.action]);
	if (account.standing == IDLE_BUSY)
		json_text_field(out, "busy", account.busy);
	json_text_field(out, "means", account.quiet_sleep ? "quiet" : "connected");
	json_whole_field(out, "connections", account.known ? (int64_t)account.connections : -1);
	json_text_field(out, "peers", account.peers && *account.peers ? account.peers : NULL);
	json_object_field(out, "own_port");
	json_whole_field(out, "connections", account.own_connections);
	if (account.own)
		own_port_describe(account.own, &own);
	json_text_field(out, "endpoint", buf_string(&own));
	json_object_close(out);
	buf_free(&own);
	add_seconds(out, "counted", account.counted > 0, number_max(view->now - account.counted, 0));
	add_seconds(out, "for", account.since > 0, number_max(view->now - account.since, 0));
	json_object_close(out);
}

static void add_histogram(const char *name, const struct histogram *histogram, struct buf *out)
{
	uint64_t count = 0;

	if (!histogram->count) {
		json_null_field(out, name);
		return;
	}
	json_object_field(out, name);
	json_count_field(out, "count", histogram->count);
	json_seconds_field(out, "sum", histogram->sum);
	json_list_field(out, "buckets");
	for (size_t n = 0; n < HISTOGRAM_BUCKETS; n++) {
		count += histogram->buckets[n];
		buf_addf(out, "%s[%g,%llu]", n ? "," : "", histogram_bound(n), (unsigned long long)count);
	}
	json_list_close(out);
	json_object_close(out);
}

static void show_latency(const struct service_view *view, struct buf *out)
{
	add_histogram("latency", &stats_of(view)->latency, out);
	add_histogram("thaw_latency", &stats_of(view)->thaw_latency, out);
}

/* The total must never fall. With accept = yes there may be more instances than USAGE_MOST, so each counts when it
 * ends. If a running instance cannot be read, the total is null. */
static void add_cpu_total(const struct service_view *view, struct buf *out)
{
	struct service_runtime *runtime = view->match.runtime;
	const struct service_stats *stats = stats_of(view);
	bool looks = runtime && !runtime->service->exec->accept && !runtime_is_empty(runtime);
	struct resource_usage now = { -1, -1 };

	if (looks)
		now = usage_of_service(runtime);
	add_seconds(out, "cpu_total", !looks || now.cpu >= 0, stats->cpu + number_max(now.cpu, 0));
}

/* seconds in each state, and of processor time */
static void show_spent(const struct service_view *view, struct buf *out)
{
	const struct service_runtime *runtime = view->match.runtime;
	const struct service_stats *stats = stats_of(view);

	add_cpu_total(view, out);
	json_object_field(out, "spent");
	for (int state = 0; runtime && state < STATES; state++) {
		double seconds = state_times_in(runtime->run ? &stats->state_times : NULL,
						(enum state)state, runtime_state(runtime), runtime->since, view->now);

		if (seconds > 0)
			json_seconds_field(out, state_name((enum state)state), seconds);
	}
	json_object_close(out);
}

static void add_exec(const struct service_view *view, struct buf *out)
{
	const struct exec_options *options = view->match.row->exec;
	words exec = options->exec ? options->exec : options->builtin ? options->builtin : options->redirect;

	json_list_field(out, "exec");
	for (size_t n = 0; exec && exec[n] && (!n || !view->hides_program); n++)
		json_element_text(out, exec[n]);
	json_list_close(out);
	if (options->exec && options->argv0 && !view->hides_program)
		json_text_field(out, "argv0", options->argv0);
	if (!options->exec && exec)
		json_text_field(out, options->builtin ? "builtin" : "redirect", exec[0]);
	if (options->exec && options->redirect) {
		struct buf target = { 0 };

		relay_add_target(view->match.row, &target);
		add_text(out, "redirect", &target);
	}
}

static void add_row_facts(const struct service_view *view, struct buf *out)
{
	static const char *const types[] = { "simple", "exec", "notify", "notify-reload", "forking", "oneshot" };
	const struct service *row = view->match.row;

	show_place(out, "source", row->at);
	json_flag_field(out, "accept", row->exec->accept);
	json_text_field(out, "type", types[row->exec->type]);
}

static struct list *first_of_last(struct list *lines)
{
	struct list *link = lines;

	for (size_t n = 0; n < LOG_LINES && link->previous != lines; n++)
		link = link->previous;
	return link;
}

static void add_log(const struct service_view *view, struct buf *out)
{
	struct list *lines = view->hides_program ? NULL : recent_log_of(view->recent_log, view->match.row->name);

	json_list_field(out, "log");
	for (struct list *link = lines ? first_of_last(lines) : NULL; link && link != lines; link = link->next) {
		const struct recent_line *line = container_of(link, struct recent_line, link);

		json_object_open(out);
		json_seconds_field(out, "at", line->at);
		json_text_field(out, "level", log_level_name(line->level));
		recent_line_add_speaker(line, out);
		json_text_field(out, "text", line->text);
		json_object_close(out);
	}
	json_list_close(out);
}

/* Adds when a client was there last; null: never, or unknown. That one is there, superd knows of instances with
 * accept = yes, and of services with an idle_timeout. */
static void add_last_used(const struct service_view *view, struct buf *out)
{
	struct service_runtime *runtime = view->match.runtime;
	const struct service *row = view->match.row;
	bool runs = runtime && !runtime_is_empty(runtime);
	double last = runtime ? idle_last_used(runtime) : 0;

	if (last <= 0 && !runs)
		last = runtime_stats(runtime)->last_end;
	else if (last <= 0 && (row->exec->accept || service_idles(row)))
		last = view->now;
	add_seconds(out, "last_used", last > 0, last + view->offset);
}

static void add_usage(const struct service_view *view, struct buf *out)
{
	show_usage(usage_of_service(view->match.runtime), out);
}

/* Bytes that it saves now, as it sleeps: those that it had when it was last idle, without those that it still has. */
static void show_saved(const struct service_view *view, struct buf *out)
{
	struct service_runtime *runtime = view->match.runtime;
	int64_t memory = runtime && service_idles(view->match.row) ? runtime_stats(runtime)->idle_memory : 0, left = 0;

	if (memory && runtime_state(runtime) == FROZEN && view->match.row->groups->lifecycle->freeze_reclaim)
		left = usage_of_service(runtime).memory;
	else if (memory && (runtime_state(runtime) != LISTENING || !runtime_is_empty(runtime)))
		left = memory;
	json_count_field(out, "saves_now", left >= 0 && memory > left ? (uint64_t)(memory - left) : 0);
}

static void show_health(const struct service_view *view, struct buf *out)
{
	struct buf why = { 0 };
	enum health health = health_of(&view->supervisor->engine, view->match.runtime, view->match.left_out, &why);

	json_flag_field(out, "healthy", health != UNHEALTHY);
	json_flag_field(out, "degraded", health == DEGRADED);
	add_text(out, "reason", &why);
}

/* The line of a service, part by part: all of it is the answer of status; list, top and metrics have the parts that
 * cost little where there are many services. A part reads memory and processor time only of services that run. */
static const struct {
	unsigned answers;               /* bits of enum answer */
	void (*add)(const struct service_view *view, struct buf *out);
} parts[] = {
	{ ANSWER_STATUS | ANSWER_LIST | ANSWER_METRICS | ANSWER_ORDER | ANSWER_DUMP, show_state },
	{ ANSWER_STATUS, show_locks },
	{ ANSWER_STATUS | ANSWER_ORDER, add_row_facts },
	{ ANSWER_STATUS | ANSWER_LIST | ANSWER_METRICS, add_exec },
	{ ANSWER_STATUS | ANSWER_METRICS, show_listeners },
	{ ANSWER_LIST, show_endpoints },
	{ ANSWER_STATUS, show_instances },
	{ ANSWER_WAITING, show_name },
	{ ANSWER_LIST | ANSWER_METRICS | ANSWER_ORDER | ANSWER_WAITING, show_instance_count },
	{ ANSWER_ORDER | ANSWER_WAITING, show_activations },
	{ ANSWER_STATUS | ANSWER_LIST | ANSWER_METRICS, add_usage },
	{ ANSWER_STATUS | ANSWER_LIST | ANSWER_METRICS | ANSWER_DUMP, show_counts },
	{ ANSWER_STATUS, show_warm_programs },
	{ ANSWER_STATUS | ANSWER_LIST | ANSWER_METRICS | ANSWER_DUMP, show_refused },
	{ ANSWER_STATUS | ANSWER_LIST, add_last_used },
	{ ANSWER_STATUS | ANSWER_METRICS | ANSWER_ORDER | ANSWER_DUMP, show_past },
	{ ANSWER_STATUS | ANSWER_LIST | ANSWER_METRICS | ANSWER_ORDER | ANSWER_WAITING | ANSWER_DUMP, show_pause },
	{ ANSWER_STATUS, show_circumstances },
	{ ANSWER_STATUS, show_failures },
	{ ANSWER_STATUS | ANSWER_METRICS, show_idle },
	{ ANSWER_STATUS | ANSWER_METRICS, show_latency },
	{ ANSWER_STATUS | ANSWER_METRICS, show_relay },
	{ ANSWER_STATUS | ANSWER_METRICS, show_spent },
	{ ANSWER_STATUS | ANSWER_METRICS, show_saved },
	{ ANSWER_TIMELINE | ANSWER_HEALTH, show_name },
	{ ANSWER_TIMELINE, show_timeline },
	{ ANSWER_HEALTH, show_health },
	{ ANSWER_HEALTH, show_listeners },
	{ ANSWER_STATUS, add_log },
	{ ANSWER_DUMP, show_listeners },        /* last, because they end where the line is full */
	{ ANSWER_DUMP, show_instances },
};

void show_facts(const struct service_view *view, enum answer answer, struct buf *out)
{
	for (size_t n = 0; n < sizeof(parts) / sizeof(*parts); n++) {
		if (parts[n].answers & answer)
			parts[n].add(view, out);
	}
}

void show_service(const struct service_view *view, enum answer answer, struct buf *out)
{
	json_object_open(out);
	show_facts(view, answer, out);
	json_object_close(out);
}

void show_for_dump(struct service_runtime *runtime, struct buf *out)
{
	double now = clock_now();
	const struct service_view view = {
		.match = { .row = runtime->service, .runtime = runtime }, .most = DUMP_MOST, .now = now,
		.offset = show_wall_offset(now),
	};

	show_service(&view, ANSWER_DUMP, out);
}

void show_superd(const struct supervisor *supervisor, double started, double offset, struct buf *out)
{
	const struct log_losses *lost = log_losses(supervisor->engine.log);
	const struct service_list *list = &supervisor->service_list;
	size_t disabled = 0;

	for (size_t n = 0; n < list->count; n++)
		disabled += !list->runtimes[n] || runtime_is_disabled(list->runtimes[n]);
	json_object_field(out, "superd");
	json_count_field(out, "pid", (uint64_t)getpid());
	json_text_field(out, "version", PACKAGE_VERSION);
	json_seconds_field(out, "started", started + offset);
	json_seconds_field(out, "uptime", clock_now() - started);
	show_usage(resource_usage_of_process(getpid()), out);
	json_count_field(out, "services", list->count);
	json_count_field(out, "disabled", disabled);
	json_count_field(out, "left_out", left_out_count(supervisor->table));
	json_count_field(out, "instances", supervisor->instances.count - supervisor->instances.ahead);
	json_count_field(out, "starting", supervisor->start_queue.running_count);
	json_flag_field(out, "memory_short", memory_pressure_lasts(&supervisor->engine));
	json_count_field(out, "queued", supervisor->start_queue.waiting_count);
	json_count_field(out, "delayed", supervisor->start_queue.delayed);
	json_count_field(out, "at_once", descriptor_room(supervisor->table).at_once);
	json_seconds_field(out, "loaded", supervisor->loaded + offset);
	json_flag_field(out, "current", !*supervisor->service_list.refused);
	json_count_field(out, "log_dropped", lost ? lost->all : 0);
	json_count_field(out, "log_dropped_of_clients", lost ? lost->of_clients : 0);
	json_object_close(out);
}

static void show_capabilities(struct buf *out, const char *name, uint64_t held)
{
	json_list_field(out, name);
	for (unsigned number = 0; number < 64; number++) {
		const char *known = held >> number & 1 ? capability_name(number) : NULL;

		if (known)
			json_element_text(out, known);
	}
	json_list_close(out);
}

void show_posture(struct buf *out)
{
	struct own_privileges privileges;

	own_privileges_read(&privileges);
	json_object_field(out, "posture");
	show_capabilities(out, "effective", privileges.effective);
	show_capabilities(out, "permitted", privileges.permitted);
	show_capabilities(out, "bounding", privileges.bounding);
	json_flag_field(out, "no_new_privileges", privileges.no_new_privileges);
	json_flag_field(out, "dumpable", privileges.dumpable);
	json_object_close(out);
}
