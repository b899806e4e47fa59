/* The phases and the timer of a search for a daemon. superd must not wake longer than there is something to look
 * for, so every wakeup is set anew. */
#include "engine/instance/forking_search.h"

#include <stdlib.h>

#include "base/clock.h"

struct forking_search *forking_search(const struct instance *instance)
{
	return instance->fork_match ? container_of(instance->fork_match, struct forking_search, fork_match) : NULL;
}

void forking_search_free(struct instance *instance)
{
	struct forking_search *search = forking_search(instance);

	if (!search)
		return;
	ev_timer_stop(instance->engine->loop, &search->timer);
	list_remove(&search->fork_match.link);
	instance->fork_match = NULL;
	fork_match_free(&search->fork_match);
	free(search);
}

double forking_search_waited(const struct forking_search *search)
{
	return clock_now() - search->since;
}

void forking_search_enter(struct forking_search *search, enum phase phase)
{
	search->phase = phase;
	search->since = clock_now();
	search->fork_match.seeking = phase == LOOKING;
}

void forking_search_wake_in(struct forking_search *search, double seconds)
{
	ev_timer_stop(search->instance->engine->loop, &search->timer);
	ev_timer_set(&search->timer, seconds, 0.);
	ev_timer_start(search->instance->engine->loop, &search->timer);
}

void forking_search_look_again(struct forking_search *search)
{
	forking_search_wake_in(search, forking_search_waited(search) < 1. ? LOOK_AGAIN : 5 * LOOK_AGAIN);
}

void forking_search_drop_empty_group(struct forking_search *search)
{
	struct instance *instance = search->instance;

	if (instance->groups.group > 1 && !instance_has_group_left(instance))
		instance_set_group(instance, 0, -1);
}
