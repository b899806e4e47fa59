/* The services that wait for descriptors. The end of an instance may free more or less than one start needs, so each
 * end wakes two services. A service that fails again goes to the end of the list. Its pause timer runs as well, with
 * growing pauses: if no instance ends, only the timer wakes it.
 *
 * A redirect is never the first: redirects that hold descriptors already wait for their targets, which may be
 * services of this superd. */
#include "superd/accept/fd_shortage.h"

#include <errno.h>

#include "superd/accept/admission_state.h"

#define WOKEN 2                         /* services that the end of an instance wakes */

static bool has_parked(const struct service_runtime *runtime)
{
	for (size_t n = 0; n < runtime->listener_count; n++) {
		if (runtime->listeners[n].parked)
			return true;
	}
	return false;
}

static void queue_service(struct service_runtime *runtime)
{
	start_kit_free_resting(runtime->engine);
	if (!runtime->run)
		return;
	list_remove(&runtime->run->fd_wait);
	list_add(&runtime->engine->admission->fd_waits, &runtime->run->fd_wait);
}

void fd_shortage_end(struct service_runtime *runtime)
{
	list_remove(&runtime->run->fd_wait);
}

void fd_shortage_look(struct service_runtime *runtime)
{
	engine_keep_spare(runtime->engine);
	if (!engine_has_spare(runtime->engine, ENGINE_SPARE))
		queue_service(runtime);
}

void fd_shortage_note(struct service_runtime *runtime, int error)
{
	struct admission *admission = runtime->engine->admission;

	if (error != EMFILE && error != ENFILE) {
		if (admission->fd_first == runtime)
			admission->fd_first = NULL;
		return;
	}
	queue_service(runtime);
	if (!admission->fd_first && !runtime->service->exec->redirect && has_parked(runtime))
		admission->fd_first = runtime;
}

bool fd_shortage_comes_after(struct service_runtime *runtime)
{
	struct engine *engine = runtime->engine;
	struct admission *admission = engine->admission;
	const struct service_runtime *first = admission->fd_first;

	if (first && ((runtime_state(first) != BACKOFF && runtime_state(first) != LISTENING) || !has_parked(first)))
		admission->fd_first = NULL;
	if (admission->fd_first)
		engine_keep_spare(engine);      /* some may have come free */
	return admission->fd_first && admission->fd_first != runtime && !has_parked(runtime) &&
	       !engine_has_spare(engine, ENGINE_SPARE);
}

void fd_shortage_pass(struct engine *engine)
{
	int woken = 0;

	LIST_EACH(link, &engine->admission->fd_waits) {
		struct service_runtime *runtime = container_of(link, struct service_run, fd_wait)->runtime;

		list_remove(link);
		if (runtime_state(runtime) != BACKOFF || runtime_waits_for_order(runtime))
			continue;
		runtime_start_timer(runtime, 0);
		if (++woken == WOKEN)
			return;
	}
}
