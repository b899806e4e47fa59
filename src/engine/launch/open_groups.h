/* Control groups of services (engine/service/service_group) that are kept open between two starts: to find one again by its path
 * costs a client more than all else that superd does with it. Only of services that are started often, and of the few that were
 * last; any of them may be closed at any moment, and is then found by its path again. */
#pragma once

#include "engine/core/engine.h"

struct open_group {
	struct list link;               /* in engine->open_groups, the one that was used last first */
	char *service;                  /* its name */
	char *path;
	int folder;                     /* what processes are started in */
	int events;                     /* where it says whether anybody is in it */
};

/* NULL: that service's is not open. */
const struct open_group *open_groups_find(struct engine *engine, const char *service);

/* Keeps the group of a service open by this descriptor of its folder, which is taken over whatever comes of it. */
void open_groups_add(struct engine *engine, const char *service, const char *path, int folder);

/* Whether anybody is in it: 1 or 0; -1: it is not open, or can't be asked any more. */
int open_groups_ask(struct engine *engine, const char *path);

void open_groups_close(struct engine *engine, const char *path);        /* that one, where it is open */
void open_groups_close_all(struct engine *engine);      /* descriptors are out, or superd ends */
