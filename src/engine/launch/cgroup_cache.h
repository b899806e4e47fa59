/* Control groups of services (engine/service/service_cgroup) that superd keeps open between two starts, as finding
 * one by its path costs a client more than all else that superd does with it. Only the last few of services that are
 * started often are kept; any of them may be closed at any moment, and is then found by its path again. */
#pragma once

#include "engine/core/engine.h"

struct cgroup_cache_entry {
	struct list link;               /* in engine->launch->open_cgroups, the last used first */
	char *service;                  /* name of the service */
	char *path;
	int folder;                     /* descriptor of its folder, in which processes are started */
	int events;                     /* descriptor of its cgroup.events */
};

/* NULL: the group of this service is not open. */
const struct cgroup_cache_entry *cgroup_cache_find(struct engine *engine, const char *service);

/* Keeps the group of a service open by this descriptor of its folder, which it owns in any case. */
void cgroup_cache_add(struct engine *engine, const char *service, const char *path, int folder);

/* Whether a process is in it: 1 or 0; -1: it is not open, or cannot be read any more. */
int cgroup_cache_ask(struct engine *engine, const char *path);

void cgroup_cache_close(struct engine *engine, const char *path);       /* closes this group, if it is open */
void cgroup_cache_close_all(struct engine *engine);     /* descriptors are short, or superd ends */
