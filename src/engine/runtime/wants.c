/* The services that want others. Few do, so a walk over those that are awake is cheap. */
#include "engine/runtime/wants.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/runtime/runtime.h"
#include "engine/runtime/service_list.h"

/* Returns the node of a service that is awake and wants others; NULL: it is none. */
static struct wants *find_node(const struct service_list *list, const char *name)
{
	const struct service_runtime *runtime = service_list_find(list, list->table, name);
	struct wants *wants = runtime && runtime->run ? runtime->run->wants : NULL;

	return wants && !list_empty(&wants->link) ? wants : NULL;
}

/* Whether a service wants another, directly or over others that are awake. */
static bool reaches(const struct service_runtime *from, const struct service_runtime *to)
{
	const struct service_list *list = from->engine->service_list;
	struct wants *todo = NULL;

	if (!from->service->groups->lifecycle->wants)
		return false;
	LIST_EACH(link, &list->wanting)
		container_of(link, struct wants, link)->reached = false;
	for (;; from = todo->runtime, todo = todo->next) {
		for (words name = from->service->groups->lifecycle->wants; name && *name; name++) {
			struct wants *next = find_node(list, *name);

			if (!strcmp(*name, to->service->name))
				return true;
			if (!next || next->reached)
				continue;
			next->reached = true;
			next->next = todo;
			todo = next;
		}
		if (!todo)
			return false;
	}
}

const struct service_runtime *wants_find(const struct service_runtime *runtime)
{
	LIST_EACH(link, &runtime->engine->service_list->wanting) {
		const struct service_runtime *wanting = container_of(link, struct wants, link)->runtime;
		words names = wanting->service->groups->lifecycle->wants;

		if (words_have(names, runtime->service->name) && !reaches(runtime, wanting))
			return wanting;
	}
	return NULL;
}

bool wants_itself(const struct service_runtime *runtime)
{
	return reaches(runtime, runtime);
}

bool wants_are_ring(const struct service_runtime *one, const struct service_runtime *other)
{
	return reaches(one, other) && reaches(other, one);
}

void wants_note_order(struct service_runtime *runtime, const struct service_runtime *by)
{
	free(runtime->run->wanted_by);
	runtime->run->wanted_by = by ? strdup(by->service->name) : NULL;
}

bool wants_describe_order(const struct service_runtime *runtime, char text[WANTS_TEXT])
{
	if (!runtime->run || !runtime->run->wanted_by)
		return false;
	snprintf(text, WANTS_TEXT, "%.40s, which wants it", runtime->run->wanted_by);
	return true;
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
