/* Composes the line of a service for the query verbs, by a table of its parts (superd/control/show_internal). */
#include "superd/control/show.h"

#include <math.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/json.h"
#include "os/rights/own_privileges.h"
#include "superd/control/show_internal.h"
#include "superd/instance/relay.h"
#include "superd/machine/preflight.h"
#include "superd/service/runtime_event.h"
#include "superd/stop/idle.h"
#include "table/type/type.h"

#define LOG_LINES 10                    /* lines of the log in an answer of status */
#define DUMP_MOST 3500                  /* bytes of a row for the log, as a JSON string: so a pipe takes it whole */

double show_wall_offset(double now)
{
	return clock_wall() - now;
}

static void add_exec(const struct service_view *view, struct buf *out)
{
	const struct exec_options *options = view->match.row->exec;
	words exec = options->exec ? options->exec : options->builtin ? options->builtin : options->redirect;

	json_list_field(out, "exec");
	for (size_t n = 0; exec && exec[n]; n++)
		json_element_text(out, exec[n]);
	json_list_close(out);
	if (options->exec && options->argv0)
		json_text_field(out, "argv0", options->argv0);
	if (!options->exec && exec)
		json_text_field(out, options->builtin ? "builtin" : "redirect", exec[0]);
	if (options->exec && options->redirect) {
		struct buf target = { 0 };

		relay_add_target(view->match.row, &target);
		json_text_field(out, "redirect", buf_string(&target));
		out->failed |= target.failed;
		buf_free(&target);
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
	struct list *lines = recent_log_of(view->recent_log, view->match.row->name);

	json_list_field(out, "log");
	for (struct list *link = lines ? first_of_last(lines) : NULL; link && link != lines; link = link->next) {
		const struct recent_line *line = container_of(link, struct recent_line, link);

		json_object_open(out);
		json_seconds_field(out, "at", line->at);
		json_text_field(out, "level", log_level_name(line->level));
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
	if (last > 0)
		json_seconds_field(out, "last_used", last + view->offset);
	else
		json_null_field(out, "last_used");
}

static void add_usage(const struct service_view *view, struct buf *out)
{
	show_usage(usage_of_service(view->match.runtime), out);
}

/* Why the times without clients are not known; NULL: they are. */
static const char *why_unmeasured(const struct service_view *view)
{
	const struct service_stats *stats = runtime_stats(view->match.runtime);

	if (view->match.row->exec->accept)
		return "accept";
	if (!service_idles(view->match.row))
		return "no-timeout";
	if (stats->gaps.begun > 0)
		return NULL;
	return stats->last_start > 0 ? "timeout-is-new" : "never-ran";
}

/* Bytes that the sleep of its idle_action frees; -1: unknown. What freeze_reclaim hands back is not measured. */
static int64_t memory_of_sleep(const struct service *row, const struct idle_gaps *gaps)
{
	const struct lifecycle_options *lifecycle = row->groups->lifecycle;

	if (lifecycle->idle_action == IDLE_FREEZE)
		return lifecycle->freeze_reclaim ? -1 : 0;
	return gaps->memory ? gaps->memory : -1;
}

static void add_mean(const char *name, double sum, uint64_t count, struct buf *out)
{
	if (count)
		json_seconds_field(out, name, fmax(sum, 0) / (double)count);
	else
		json_null_field(out, name);
}

/* The mean times until ready of starts and thaws together, and of each. */
static void add_means(const struct service_stats *stats, struct buf *out)
{
	const struct histogram *all = &stats->latency, *thaws = &stats->thaw_latency;

	add_mean("latency", all->sum, all->count, out);
	add_mean("start_latency", all->sum - thaws->sum, all->count - thaws->count, out);
	add_mean("thaw_latency", thaws->sum, thaws->count, out);
}

/* The share of the time that has been measured in which it would have slept, and how often it would have waked. A gap
 * that is shorter than its own idle_timeout is not seen. */
static void add_timeouts(const struct service_view *view, const struct idle_gaps *gaps, double measured,
			 struct buf *out)
{
	double own = (double)view->match.row->groups->lifecycle->idle_timeout / 1e6;
	double present = idle_present_gap(view->match.runtime);
	int64_t memory = memory_of_sleep(view->match.row, gaps);

	json_list_field(out, "timeouts");
	for (unsigned n = 0; n < IDLE_GAP_TIMEOUTS; n++) {
		double share = measured > 0 ? idle_gaps_asleep(gaps, n, present) / measured : 0;

		share = share > 1 ? 1 : share;
		json_object_open(out);
		json_seconds_field(out, "timeout", idle_gap_timeouts[n]);
		json_flag_field(out, "at_least", idle_gap_timeouts[n] < own);
		json_seconds_field(out, "asleep", share);
		json_count_field(out, "wakes", gaps->wakes[n]);
		json_whole_field(out, "saved", memory < 0 ? -1 : (int64_t)((double)memory * share));
		json_object_close(out);
	}
	json_list_close(out);
}

/* Adds how much it has slept by its own idle_timeout since superd has known it; null: it only reports. */
static void add_own_timeout(const struct service_view *view, const struct idle_gaps *gaps, struct buf *out)
{
	const struct service_runtime *runtime = view->match.runtime;
	const struct lifecycle_options *lifecycle = view->match.row->groups->lifecycle;
	const struct service_stats *stats = runtime_stats(runtime);
	int64_t memory = memory_of_sleep(view->match.row, gaps);
	double all = 0, slept = 0;

	if (lifecycle->idle_action == IDLE_REPORT) {
		json_null_field(out, "own");
		return;
	}
	for (int state = 0; state < STATES; state++) {
		double seconds = state_times_in(&stats->state_times, (enum state)state, runtime_state(runtime),
						runtime->since, view->now);

		all += seconds;
		slept += state == LISTENING || state == FROZEN ? seconds : 0;
	}
	slept = all > 0 ? slept / all : 0;
	json_object_field(out, "own");
	json_seconds_field(out, "timeout", (double)lifecycle->idle_timeout / 1e6);
	json_seconds_field(out, "known_for", all);
	json_seconds_field(out, "asleep", slept);
	json_count_field(out, "wakes", stats->activations + stats->wakes);
	json_whole_field(out, "saved", memory < 0 ? -1 : (int64_t)((double)memory * slept));
	json_object_close(out);
}

/* Bytes that it saves now, as it sleeps: those that it had when it was last idle, without those that it still has. */
static uint64_t saved_now(const struct service_view *view, const struct idle_gaps *gaps)
{
	struct service_runtime *runtime = view->match.runtime;
	const struct lifecycle_options *lifecycle = view->match.row->groups->lifecycle;
	int64_t left = 0;

	if (runtime_state(runtime) == FROZEN && lifecycle->freeze_reclaim)
		left = usage_of_service(runtime).memory;
	else if (runtime_state(runtime) != LISTENING || !runtime_is_empty(runtime))
		return 0;
	return left >= 0 && gaps->memory > left ? (uint64_t)(gaps->memory - left) : 0;
}

/* Adds the times without clients. */
static void add_gaps(const struct service_view *view, struct buf *out)
{
	static const char *const actions[] = { "stop", "freeze", "report" };
	const struct service_stats *stats = runtime_stats(view->match.runtime);
	const char *why = why_unmeasured(view);
	double measured = view->now > stats->gaps.begun ? view->now - stats->gaps.begun : 0;

	json_text_field(out, "why", why);
	json_flag_field(out, "never_ran", service_idles(view->match.row) && stats->last_start <= 0);
	if (why)
		return;
	json_seconds_field(out, "measured", measured);
	json_text_field(out, "action", actions[view->match.row->groups->lifecycle->idle_action]);
	json_flag_field(out, "reclaims", view->match.row->groups->lifecycle->freeze_reclaim);
	add_means(stats, out);
	json_whole_field(out, "memory", stats->gaps.memory ? stats->gaps.memory : -1);
	json_count_field(out, "saves_now", saved_now(view, &stats->gaps));
	add_own_timeout(view, &stats->gaps, out);
	add_timeouts(view, &stats->gaps, measured, out);
}

static void add_estimate(const struct service_view *view, struct buf *out)
{
	json_object_field(out, "estimate");
	add_gaps(view, out);
	json_object_close(out);
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
	{ ANSWER_LIST | ANSWER_METRICS | ANSWER_ORDER, show_instance_count },
	{ ANSWER_STATUS | ANSWER_LIST | ANSWER_METRICS, add_usage },
	{ ANSWER_STATUS | ANSWER_LIST | ANSWER_METRICS | ANSWER_DUMP, show_counts },
	{ ANSWER_STATUS, show_warm_programs },
	{ ANSWER_STATUS | ANSWER_LIST | ANSWER_METRICS | ANSWER_DUMP, show_refused },
	{ ANSWER_STATUS | ANSWER_LIST, add_last_used },
	{ ANSWER_STATUS | ANSWER_METRICS | ANSWER_ORDER | ANSWER_DUMP, show_past },
	{ ANSWER_STATUS | ANSWER_LIST | ANSWER_METRICS | ANSWER_DUMP, show_pause },
	{ ANSWER_STATUS, show_circumstances },
	{ ANSWER_STATUS, show_failures },
	{ ANSWER_STATUS | ANSWER_METRICS, show_idle },
	{ ANSWER_STATUS | ANSWER_METRICS, show_latency },
	{ ANSWER_STATUS | ANSWER_METRICS, show_relay },
	{ ANSWER_STATUS | ANSWER_METRICS, show_spent },
	{ ANSWER_IDLE, show_name },
	{ ANSWER_IDLE, add_gaps },
	{ ANSWER_STATUS, add_estimate },
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
	size_t services = 0;

	for (size_t n = 0; n < supervisor->service_list.count; n++)
		services += supervisor->service_list.runtimes[n] != NULL;
	json_object_field(out, "superd");
	json_count_field(out, "pid", (uint64_t)getpid());
	json_text_field(out, "version", PACKAGE_VERSION);
	json_seconds_field(out, "started", started + offset);
	json_seconds_field(out, "uptime", clock_now() - started);
	show_usage(resource_usage_of_process(getpid()), out);
	json_count_field(out, "services", services);
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
