/* Control groups of services (superd/service/service_cgroup) that superd keeps open between two starts: to find one
 * by its path costs more than all else that superd does with it. The cache has the groups that were used last. It may
 * close any of them at any time; superd then finds the group by its path again. */
#pragma once

#include "superd/loop/engine.h"

struct cgroup_cache_entry {
	struct list link;               /* in engine->launch->open_cgroups, the last used first */
	char *service;                  /* name of the service */
	char *path;                     /* path of the group */
	int folder;                     /* descriptor of its folder, in which processes are started */
	int events;                     /* descriptor of its cgroup.events */
};

/* Returns the open group of a service, valid until the next call of this cache; NULL: it is not open. */
const struct cgroup_cache_entry *cgroup_cache_find(struct engine *engine, const char *service);

/* Keeps the group of a service open. Owns `folder`, the descriptor of its folder, also on failure. */
void cgroup_cache_add(struct engine *engine, const char *service, const char *path, int folder);

/* Whether a process is in the group: 1 or 0; -1: it is not open, or cannot be read any more. */
int cgroup_cache_ask(struct engine *engine, const char *path);

void cgroup_cache_close(struct engine *engine, const char *path);       /* closes this group, if it is open */
void cgroup_cache_close_all(struct engine *engine);     /* descriptors are short, or superd ends */
