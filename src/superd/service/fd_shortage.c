/* Whether there are descriptors for starts, and the services that wait for some. */
#include "superd/service/fd_shortage.h"

#include "superd/service/admission_state.h"
#include "superd/start/descriptors.h"

#define WOKEN 2                         /* services that the end of an instance wakes */
#define EACH (DESCRIPTORS_START + 1)    /* descriptors of a start, and of its client */

size_t fd_shortage_room(struct engine *engine, size_t most)
{
	return engine_count_free(engine, most * EACH) / EACH;
}

void fd_shortage_wait(struct service_runtime *runtime)
{
	struct engine *engine = runtime->engine;

	if (fd_shortage_room(engine, 2) == 2)
		return;
	start_kit_free_resting(engine);
	list_remove(&runtime->run->fd_wait);
	list_add(&engine->admission->fd_waits, &runtime->run->fd_wait);
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
