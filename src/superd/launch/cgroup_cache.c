/* The list of open control groups, the last used first. Another process may remove a group's folder and make a new
 * one of the same name. clone3(2) reports that at the next start, which opens the new folder
 * (superd/spawn/spawn_clone); cgroup_cache_ask closes such a group. */
#include "superd/launch/cgroup_cache.h"

#include <stdlib.h>
#include <string.h>

#include "lib/fd.h"
#include "superd/launch/start_resources.h"

#define OPEN_MOST 16                    /* groups, of two descriptors each */

static void close_one(struct engine *engine, struct cgroup_cache_entry *group)
{
	list_remove(&group->link);
	engine->launch->open_cgroup_count--;
	fd_close(&group->folder);
	fd_close(&group->events);
	free(group->service);
	free(group->path);
	free(group);
}

static void put_first(struct engine *engine, struct cgroup_cache_entry *group)
{
	list_add(engine->launch->open_cgroups.next, &group->link);
}

static struct cgroup_cache_entry *find_path(struct engine *engine, const char *path)
{
	LIST_EACH(link, &engine->launch->open_cgroups) {
		struct cgroup_cache_entry *group = container_of(link, struct cgroup_cache_entry, link);

		if (!strcmp(group->path, path))
			return group;
	}
	return NULL;
}

const struct cgroup_cache_entry *cgroup_cache_find(struct engine *engine, const char *service)
{
	LIST_EACH(link, &engine->launch->open_cgroups) {
		struct cgroup_cache_entry *group = container_of(link, struct cgroup_cache_entry, link);

		if (strcmp(group->service, service) != 0)
			continue;
		list_remove(&group->link);
		put_first(engine, group);
		return group;
	}
	return NULL;
}

/* The descriptors get high numbers, where no child has to copy them. */
static bool fill_entry(struct cgroup_cache_entry *group, const char *service, const char *path, int folder)
{
	group->folder = fd_raise(folder, FD_HIGH);
	group->events = fd_raise(cgroup_open_events(group->folder), FD_HIGH);
	group->service = strdup(service);
	group->path = strdup(path);
	return group->events >= 0 && group->service && group->path;
}

void cgroup_cache_add(struct engine *engine, const char *service, const char *path, int folder)
{
	struct cgroup_cache_entry *group = calloc(1, sizeof(*group));

	cgroup_cache_close(engine, path);
	if (!group) {
		fd_close(&folder);
		return;
	}
	put_first(engine, group);
	engine->launch->open_cgroup_count++;
	if (!fill_entry(group, service, path, folder))
		close_one(engine, group);
	else if (engine->launch->open_cgroup_count > OPEN_MOST)
		close_one(engine, container_of(engine->launch->open_cgroups.previous, struct cgroup_cache_entry, link));
}

int cgroup_cache_ask(struct engine *engine, const char *path)
{
	struct cgroup_cache_entry *group = find_path(engine, path);
	int populated = group ? cgroup_read_events(group->events) : -1;

	if (group && populated < 0)
		close_one(engine, group);
	return populated;
}

void cgroup_cache_close(struct engine *engine, const char *path)
{
	struct cgroup_cache_entry *group = find_path(engine, path);

	if (group)
		close_one(engine, group);
}

void cgroup_cache_close_all(struct engine *engine)
{
	LIST_EACH(link, &engine->launch->open_cgroups)
		close_one(engine, container_of(link, struct cgroup_cache_entry, link));
}
