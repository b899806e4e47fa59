/* The health of superd and of each service: healthy, degraded or unhealthy, and why. For superd as a whole, a
 * service that sleeps, has not been started yet, or is disabled by an operator is healthy. */
#include "superd/stop/health.h"

#include <string.h>

#include "lib/clock.h"
#include "lib/number.h"
#include "superd/stop/exit_verdict.h"
#include "superd/instance/background.h"
#include "superd/instance/bind_calls.h"
#include "superd/instance/instance.h"
#include "superd/instance/runtime.h"
#include "superd/instance/service_list.h"
#include "table/services/left_out.h"

#define KEPT "its configuration has an error now, so the previous one stays in effect"
#define FAULTS_MOST 100

static const char *const names[] = { "healthy", "degraded", "unhealthy" };

const char *health_name(enum health health)
{
	return names[health];
}

/* All of its last instances failed. A service whose current instance runs longer than backoff_max is well again: its
 * next failure would count as the first. */
static bool fails_always(const struct service_runtime *runtime)
{
	const struct instance *current = runtime_current(runtime);
	double most = (double)runtime->service->groups->lifecycle->backoff_max / 1e6;

	if (!failures_alarm(&runtime_stats(runtime)->failed))
		return false;
	return !current || instance_is_starting(current) || current->facts.unready || current->pid <= 0 ||
	       clock_now() - current->since <= most;
}

static bool lacks_all(const struct service_runtime *runtime)
{
	for (size_t n = 0; n < runtime->listener_count; n++) {
		if (listener_is_open(&runtime->listeners[n]))
			return false;
	}
	return runtime->listener_count;
}

static const char *find_fault(const struct service_runtime *runtime)
{
	const char *reason = runtime_reason(runtime);

	if (runtime_is_held(runtime) && runtime->service->groups->lifecycle->on_failure == FAILURE_EXIT)
		return "it is held, and superd depends on it (on_failure = exit)";
	if (runtime_state(runtime) == BINDING && (!runtime_is_complete(runtime) || lacks_all(runtime)))
		return reason;
	if (runtime_state(runtime) != OFF && runtime_state(runtime) != CLOSING && !runtime_is_complete(runtime))
		return "a socket of it is closed until its instance ends";
	return runtime_stats(runtime)->failing ? reason : NULL;
}

/* A .socket that cannot be opened has failed, though its service runs without it. */
static bool add_failed_socket(const struct service_runtime *runtime, struct buf *out)
{
	for (size_t n = 0; n < runtime->listener_count && runtime->service->dialect == UNIT; n++) {
		const struct listener *listener = &runtime->listeners[n];

		if (runtime_state(runtime) == OFF || listener_absence(listener) != ABSENT_FAILED)
			continue;
		buf_addf(out, "%s cannot be opened; superd tries again", listener->listen->name);
		return true;
	}
	return false;
}

bool health_is_degraded(const struct service_runtime *runtime)
{
	return !runtime_is_disabled(runtime) && !find_fault(runtime) && fails_always(runtime);
}

/* Whether the last instance has failed, and nothing shows yet that the next is better: the present one has not run
 * longer. With accept = yes a failure counts if the program never began. */
static bool has_just_failed(const struct service_runtime *runtime)
{
	const struct failures *failures = &runtime_stats(runtime)->failed;
	const struct instance *current = runtime_current(runtime);
	const struct failure *last = failures->kept;

	if (!failures->in_row || !failures->count || runtime_is_disabled(runtime))
		return false;
	if (runtime->service->exec->accept)
		return !*last->why && exit_verdict_never_began(last->status, last->lasted);
	return current && clock_now() - current->since <=
		number_min(last->lasted, (double)runtime->service->groups->lifecycle->backoff_max / 1e6);
}

/* "the last 7 instances all failed, the last of them with signal SEGV" */
static void add_failures(const struct failures *failures, struct buf *out)
{
	if (failures->in_row == 1)
		buf_text(out, "its last instance failed");
	else
		buf_addf(out, "the last %u instances all failed", failures->in_row);
	if (!failures->count)
		return;
	buf_text(out, failures->in_row == 1 ? " with " : ", the last of them with ");
	failure_describe(&failures->kept[0], out);
}

/* Adds to out what is wrong with the service. */
static enum health check_service(const struct service_runtime *runtime, struct buf *out)
{
	const char *fault = runtime_is_disabled(runtime) ? NULL : find_fault(runtime);

	if (fault) {
		buf_text(out, fault);
		return UNHEALTHY;
	}
	if (runtime_current(runtime) && bind_calls_miss(runtime_current(runtime))) {
		bind_calls_describe(runtime_current(runtime), out);
		return UNHEALTHY;
	}
	if (has_just_failed(runtime) || health_is_degraded(runtime)) {
		add_failures(&runtime_stats(runtime)->failed, out);
		return DEGRADED;
	}
	return add_failed_socket(runtime, out) || background_describe(runtime, out) ? DEGRADED : HEALTHY;
}

bool health_has_failed(const struct service_runtime *runtime)
{
	struct buf fault = { 0 };
	enum health health = check_service(runtime, &fault);

	buf_free(&fault);
	return health != HEALTHY || runtime_state(runtime) == BACKOFF;
}

/* A new superd would leave it out as well. */
static void add_left_out(const struct table *table, struct buf *lines, size_t *count, enum health *worst)
{
	for (size_t n = 0; table && n < table->left_out_count; n++) {
		const struct left_out *entry = &table->left_out[n];

		const struct service *row = entry->row == LEFT_OUT_NO_ROW ? NULL : &table->services[entry->row];

		if (!row || row->exec->disable)
			continue;
		if (*worst == HEALTHY)
			*worst = DEGRADED;
		if ((*count)++ < FAULTS_MOST)
			buf_addf(lines, "%s: %s: %s\n", row->name,
				 entry->is_kept ? KEPT : "it is left out", left_out_reason(entry));
	}
}

/* superd goes on, and a new superd would not even start with this table. */
static void add_refused(const struct service_list *service_list, struct buf *lines, enum health *worst)
{
	if (!*service_list->refused)
		return;
	if (*worst == HEALTHY)
		*worst = DEGRADED;
	buf_addf(lines, "the last reload was refused: %s; superd uses the previous "
			"configuration\n", service_list->refused);
}

enum health health_check(const struct engine *engine, struct buf *lines)
{
	enum health worst = engine->stop_ordered ? UNHEALTHY : HEALTHY;
	struct buf fault = { 0 };
	size_t count = 0;

	add_refused(engine->service_list, lines, &worst);
	for (size_t n = 0; n < engine->service_list->count; n++) {
		const struct service_runtime *runtime = engine->service_list->runtimes[n];
		enum health health = runtime ? check_service(runtime, &fault) : HEALTHY;

		worst = health > worst ? health : worst;
		if (health != HEALTHY && count++ < FAULTS_MOST)
			buf_addf(lines, "%s: %s\n", runtime->service->name, buf_string(&fault));
		lines->failed |= fault.failed;
		buf_clear(&fault);
	}
	buf_free(&fault);
	add_left_out(engine->service_list->table, lines, &count, &worst);
	if (count > FAULTS_MOST)
		buf_addf(lines, "and %zu more\n", count - FAULTS_MOST);
	if (engine->stop_ordered)
		buf_text(lines, "superd is stopping\n");
	return worst;
}

/* Why clients are not served now, though nothing may be wrong. NULL: they are. */
static const char *find_pause(const struct service_runtime *runtime)
{
	if (runtime_is_held(runtime))
		return runtime_is_draining(runtime) ? "it drains: clients wait until its instances have ended"
				      : "an operator holds it: clients wait";
	if (runtime_state(runtime) == BACKOFF)
		return runtime->run && *runtime->run->reason ? runtime->run->reason : "it is paused";
	return runtime_state(runtime) == OFF || runtime_state(runtime) == CLOSING ? "its sockets are closed" : NULL;
}

static enum health set_unhealthy(struct buf *why, const char *reason)
{
	buf_text(why, reason);
	return UNHEALTHY;
}

enum health health_of(const struct engine *engine, const struct service_runtime *runtime,
		      const struct left_out *left_out, struct buf *why)
{
	enum health health;

	if (engine->stop_ordered)
		return set_unhealthy(why, "superd is stopping");
	if (!runtime) {
		buf_text(why, left_out ? "it is left out: " : "the configuration has disable = yes");
		buf_text(why, left_out ? left_out_reason(left_out) : "");
		return UNHEALTHY;
	}
	if (runtime_is_removed(runtime))
		return set_unhealthy(why, "a reload has removed it");
	if (runtime_is_disabled(runtime))
		return set_unhealthy(why, "an operator has disabled it");
	health = check_service(runtime, why);
	if (health != UNHEALTHY && find_pause(runtime)) {
		buf_clear(why);
		return set_unhealthy(why, find_pause(runtime));
	}
	if (health == HEALTHY && left_out) {
		buf_addf(why, "%s: %s", KEPT, left_out_reason(left_out));
		health = DEGRADED;
	}
	return health;
}

bool health_write(struct engine *engine, const char *name, struct buf *out)
{
	const struct table *table = engine->service_list->table;
	struct service_runtime *runtime = service_list_find(engine->service_list, table, name);
	const struct service *row = table_find(table, name);
	struct buf why = { 0 };

	if (!runtime && !row)
		runtime = service_list_find_leaving(engine->service_list, name);
	if (!runtime && !row)
		return false;
	buf_text(out, health_name(health_of(engine, runtime, row ? left_out_of(table, row) : NULL, &why)));
	buf_char(out, '\n');
	buf_visible(out, buf_string(&why), why.length);
	if (why.length)
		buf_char(out, '\n');
	out->failed |= why.failed;
	buf_free(&why);
	return true;
}
