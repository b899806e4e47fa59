/* The services that want others. Few do, so a walk over those that are awake is cheap. */
#include "engine/runtime/wants.h"

#include <stdlib.h>

#include "engine/runtime/runtime.h"
#include "engine/runtime/service_list.h"

const struct service_runtime *wants_find(const struct service_list *service_list, const char *name)
{
	LIST_EACH(link, &service_list->wanting) {
		const struct service_runtime *runtime = container_of(link, struct wants, link)->runtime;

		if (words_have(runtime->service->groups->lifecycle->wants, name))
			return runtime;
	}
	return NULL;
}

void wants_free(struct service_runtime *runtime)
{
	struct wants *wants = runtime->run ? runtime->run->wants : NULL;

	if (!wants)
		return;
	ev_timer_stop(runtime->engine->loop, &wants->timer);
	list_remove(&wants->link);
	free(wants->ordered);
	free(wants);
	runtime->run->wants = NULL;
}
