/* What is wrong. The one hard thing is what is not: a service that sleeps, one that nobody has started yet, and one
 * that an operator has disabled are all well. */
#include "engine/health.h"

#include "engine/keeper.h"
#include "engine/roster.h"

#define FAULTS_MOST 100

static const char *find_fault(const struct keeper *keeper)
{
	const char *reason = keeper->activity && *keeper->activity->reason ? keeper->activity->reason : "out of memory";

	if (keeper->disabled)
		return NULL;
	if (keeper->held && keeper->service->terms->life->on_failure == FAILURE_EXIT)
		return "it is held, and superd depends on it (on_failure = exit)";
	if (keeper->state != OFF && keeper->state != CLOSING && !keeper_is_complete(keeper))
		return keeper->state == BINDING ? reason : "a socket of it is closed until its instance ends";
	return keeper->activity && keeper->activity->failing ? reason : NULL;
}

bool health_look(const struct engine *engine, struct buf *lines)
{
	size_t count = 0;

	for (size_t n = 0; n < engine->roster->count; n++) {
		const struct keeper *keeper = engine->roster->keepers[n];
		const char *fault = keeper ? find_fault(keeper) : NULL;

		if (fault && count++ < FAULTS_MOST)
			buf_addf(lines, "%s: %s\n", keeper->service->name, fault);
	}
	if (count > FAULTS_MOST)
		buf_addf(lines, "and %zu more\n", count - FAULTS_MOST);
	if (engine->stop_ordered)
		buf_text(lines, "superd is stopping\n");
	return !count && !engine->stop_ordered;
}
