/* The health of superd and of each service: healthy, degraded or unhealthy, and why. For superd as a whole, a
 * service that sleeps, has not been started yet, or is disabled by an operator is healthy. */
#include "engine/queue/health.h"

#include <string.h>

#include "base/clock.h"
#include "config/table/left_out.h"
#include "engine/instance/instance.h"
#include "engine/runtime/roster.h"
#include "engine/runtime/runtime.h"

#define FAULTS_MOST 100

static const char *const names[] = { "healthy", "degraded", "unhealthy" };

const char *health_name(enum health health)
{
	return names[health];
}

/* All of its last instances failed. A service whose current instance runs longer than backoff_max is well again: its
 * next failure would count as the first. */
static bool fails_always(const struct keeper *keeper)
{
	const struct activity *activity = keeper->activity;
	const struct instance *current = activity ? activity->current : NULL;
	double most = (double)keeper->service->groups->lifecycle->backoff_max / 1e6;

	if (!activity || !failures_alarm(&activity->failed))
		return false;
	return !current || current->starting || current->pid <= 0 || clock_now() - current->since <= most;
}

static const char *find_fault(const struct keeper *keeper)
{
	const char *reason = keeper->activity && *keeper->activity->reason ? keeper->activity->reason : "out of memory";

	if (keeper->held && keeper->service->groups->lifecycle->on_failure == FAILURE_EXIT)
		return "it is held, and superd depends on it (on_failure = exit)";
	if (keeper->state != OFF && keeper->state != CLOSING && !keeper_is_complete(keeper))
		return keeper->state == BINDING ? reason : "a socket of it is closed until its instance ends";
	return keeper->activity && keeper->activity->failing ? reason : NULL;
}

bool health_is_degraded(const struct keeper *keeper)
{
	return !keeper->disabled && !find_fault(keeper) && fails_always(keeper);
}

/* "the last 7 instances all failed, the last of them with signal SEGV" */
static void add_failures(const struct failures *failures, struct buf *out)
{
	buf_addf(out, "the last %u instances all failed", failures->in_row);
	if (!failures->count)
		return;
	buf_text(out, ", the last of them with ");
	failure_describe(&failures->kept[0], out);
}

/* Adds to out what is wrong with the service. */
static enum health look_at(const struct keeper *keeper, struct buf *out)
{
	const char *fault = keeper->disabled ? NULL : find_fault(keeper);

	if (fault) {
		buf_text(out, fault);
		return UNHEALTHY;
	}
	if (!health_is_degraded(keeper))
		return HEALTHY;
	add_failures(&keeper->activity->failed, out);
	return DEGRADED;
}

/* A new superd would leave it out as well. */
static void add_left_out(const struct table *table, struct buf *lines, size_t *count, enum health *worst)
{
	for (size_t n = 0; table && n < table->left_out_count; n++) {
		const struct left_out *entry = &table->left_out[n];

		if (!entry->row.name || entry->row.exec->disable)
			continue;
		if (*worst == HEALTHY)
			*worst = DEGRADED;
		if ((*count)++ < FAULTS_MOST)
			buf_addf(lines, "%s: its entry is left out: %s\n", entry->row.name, left_out_reason(entry));
	}
}

enum health health_look(const struct engine *engine, struct buf *lines)
{
	enum health worst = engine->stop_ordered ? UNHEALTHY : HEALTHY;
	struct buf fault = { 0 };
	size_t count = 0;

	for (size_t n = 0; n < engine->roster->count; n++) {
		const struct keeper *keeper = engine->roster->keepers[n];
		enum health health = keeper ? look_at(keeper, &fault) : HEALTHY;

		worst = health > worst ? health : worst;
		if (health != HEALTHY && count++ < FAULTS_MOST)
			buf_addf(lines, "%s: %s\n", keeper->service->name, buf_string(&fault));
		lines->failed |= fault.failed;
		buf_clear(&fault);
	}
	buf_free(&fault);
	add_left_out(engine->roster->table, lines, &count, &worst);
	if (count > FAULTS_MOST)
		buf_addf(lines, "and %zu more\n", count - FAULTS_MOST);
	if (engine->stop_ordered)
		buf_text(lines, "superd is stopping\n");
	return worst;
}

/* Why clients are not served now, though nothing may be wrong. NULL: they are. */
static const char *find_rest(const struct keeper *keeper)
{
	if (keeper->held)
		return keeper->drains ? "it drains: clients wait until its instances have ended"
				      : "an operator holds it: clients wait";
	if (keeper->state == BACKOFF)
		return keeper->activity && *keeper->activity->reason ? keeper->activity->reason : "it is paused";
	return keeper->state == OFF || keeper->state == CLOSING ? "its sockets are closed" : NULL;
}

static enum health refuse(struct buf *why, const char *reason)
{
	buf_text(why, reason);
	return UNHEALTHY;
}

enum health health_of(const struct engine *engine, const struct keeper *keeper, const struct left_out *left_out,
		      struct buf *why)
{
	enum health health;

	if (engine->stop_ordered)
		return refuse(why, "superd is stopping");
	if (!keeper) {
		buf_text(why, left_out ? "its entry is left out: " : "its table says disable = yes");
		buf_text(why, left_out ? left_out_reason(left_out) : "");
		return UNHEALTHY;
	}
	if (keeper->removed)
		return refuse(why, "a reload has removed it");
	if (keeper->disabled)
		return refuse(why, "an operator has disabled it");
	health = look_at(keeper, why);
	if (health != UNHEALTHY && find_rest(keeper)) {
		buf_clear(why);
		return refuse(why, find_rest(keeper));
	}
	if (health == HEALTHY && left_out) {
		buf_addf(why, "it goes on by an entry of before, as its own is left out: %s",
			 left_out_reason(left_out));
		health = DEGRADED;
	}
	return health;
}

bool health_tell(struct engine *engine, const char *name, struct buf *out)
{
	const struct table *table = engine->roster->table;
	struct keeper *keeper = roster_find(engine->roster, table, name);
	bool is_row = table_find(table, name);
	const struct left_out *left_out = is_row ? NULL : left_out_find(table, name);
	struct buf why = { 0 };

	if (!keeper && !is_row)
		keeper = keeper_find_leaving(engine, name);
	if (!keeper && !is_row && !left_out)
		return false;
	buf_text(out, health_name(health_of(engine, keeper, left_out, &why)));
	buf_char(out, '\n');
	buf_visible(out, buf_string(&why), why.length);
	if (why.length)
		buf_char(out, '\n');
	out->failed |= why.failed;
	buf_free(&why);
	return true;
}
