/* The entries of a store. What goes is done first, as the store may be full; what has failed is done last. */
#include "engine/listener/stored.h"

#include <stdlib.h>
#include <string.h>

#define PAUSE_MIN 200000                /* microseconds between two tries, least and most */
#define PAUSE_MAX 60000000

void stored_wake(struct socket_store *store)
{
	if (!alarm_is_set(&store->next))
		alarm_set(&store->next, 0.);
}

static struct stored *find_in(const struct list *list, int fd)
{
	LIST_EACH(link, list) {
		struct stored *stored = container_of(link, struct stored, link);

		if (stored->fd == fd)
			return stored;
	}
	return NULL;
}

struct stored *stored_find(const struct socket_store *store, int fd)
{
	struct stored *stored = store && fd >= 0 ? find_in(&store->done, fd) : NULL;

	return stored || !store || fd < 0 ? stored : find_in(&store->todo, fd);
}

static bool has_name(const struct list *list, const char *name)
{
	LIST_EACH(link, list) {
		if (!strcmp(container_of(link, struct stored, link)->name, name))
			return true;
	}
	return false;
}

struct stored *stored_add(struct socket_store *store, struct list *list, int fd, const char *name)
{
	size_t size = strlen(name) + 1;
	struct stored *stored = calloc(1, sizeof(*stored) + size);

	if (!stored)
		return NULL;
	stored->fd = fd;
	memcpy(stored->name, name, size);
	list_add(list, &stored->link);
	store->count++;
	return stored;
}

void stored_drop(struct socket_store *store, struct stored *stored)
{
	list_remove(&stored->link);
	free(stored);
	store->count--;
	store->is_full = false;
}

struct stored *stored_next(struct socket_store *store)
{
	LIST_EACH(link, &store->todo) {
		struct stored *stored = container_of(link, struct stored, link);

		if (stored->fd < 0)
			return stored;
	}
	return list_empty(&store->todo) ? NULL : container_of(store->todo.next, struct stored, link);
}

void stored_finish(struct socket_store *store, struct stored *stored)
{
	backoff_reset(&store->backoff);
	store->is_logged = false;
	if (stored->fd < 0) {
		stored_drop(store, stored);
		return;
	}
	stored->is_in = true;
	list_remove(&stored->link);
	list_add(&store->done, &stored->link);
	store->engine->unsaved_all |= list_empty(&store->todo);
}

void stored_try_later(struct socket_store *store, struct stored *stored, const char *why)
{
	struct event event = { .name = "store_failed", .reason = why };
	double pause = backoff_next(&store->backoff, PAUSE_MIN, PAUSE_MAX, engine_random(store->engine));

	log_event(store->engine->log, store->is_logged ? LEVEL_DEBUG : LEVEL_WARNING, &event,
		  stored->fd < 0 ? "cannot remove %s from the store at %s: %s: superd tries again" :
				   "cannot store %s at %s: %s: superd tries again",
		  stored->name, store->socket, why);
	store->is_logged = true;
	list_remove(&stored->link);
	list_add(&store->todo, &stored->link);
	alarm_set(&store->next, pause);
}

bool stored_has_name(const struct socket_store *store, const char *name)
{
	return has_name(&store->done, name) || has_name(&store->todo, name);
}
