/* The services that wait for descriptors. The end of an instance may free more or less than one start needs, so each
 * end wakes two services, and one that fails again goes behind the others. Its pause goes on growing: if no instance
 * ends, nothing else wakes it.
 *
 * A redirect is never the first: redirects that hold descriptors already wait for their targets, which may be
 * services of this superd. */
#include "engine/accept/shortage.h"

#include <errno.h>

#define WOKEN 2

static bool has_parked(const struct keeper *keeper)
{
	for (size_t n = 0; n < keeper->listener_count; n++) {
		if (keeper->listeners[n].parked)
			return true;
	}
	return false;
}

static void line_up(struct keeper *keeper)
{
	means_free_resting(keeper->engine);
	if (!keeper->activity)
		return;
	list_remove(&keeper->activity->lacking);
	list_add(&keeper->engine->lacking, &keeper->activity->lacking);
}

void shortage_end(struct keeper *keeper)
{
	list_remove(&keeper->activity->lacking);
}

void shortage_look(struct keeper *keeper)
{
	engine_keep_spare(keeper->engine);
	if (!engine_has_spare(keeper->engine, ENGINE_SPARE))
		line_up(keeper);
}

void shortage_note(struct keeper *keeper, int error)
{
	struct engine *engine = keeper->engine;

	if (error != EMFILE && error != ENFILE) {
		if (engine->first == keeper)
			engine->first = NULL;
		return;
	}
	line_up(keeper);
	if (!engine->first && !keeper->service->exec->redirect && has_parked(keeper))
		engine->first = keeper;
}

bool shortage_comes_after(struct keeper *keeper)
{
	struct engine *engine = keeper->engine;
	const struct keeper *first = engine->first;

	if (first && ((first->state != BACKOFF && first->state != LISTENING) || !has_parked(first)))
		engine->first = NULL;
	if (engine->first)
		engine_keep_spare(engine);      /* some may have come free */
	return engine->first && engine->first != keeper && !has_parked(keeper) &&
	       !engine_has_spare(engine, ENGINE_SPARE);
}

void shortage_pass(struct engine *engine)
{
	int woken = 0;

	LIST_EACH(link, &engine->lacking) {
		struct keeper *keeper = container_of(link, struct activity, lacking)->keeper;

		list_remove(link);
		if (keeper->state != BACKOFF || keeper_waits_for_order(keeper))
			continue;
		keeper_start_timer(keeper, 0);
		if (++woken == WOKEN)
			return;
	}
}
