/* Which services need others to run beside them (the option `wants`). A service is awake while an instance of it starts,
 * runs or stops, and not while it is frozen. As long as it is awake the services that it wants are not idle. */
#pragma once

#include <ev.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/list.h"

struct instance;
struct service_list;
struct service_runtime;

/* Owner: struct service_run, from the first time that a service with `wants` is awake. engine/service/wants_start writes
 * it. */
struct wants {
	struct list link;               /* in service_list->wanting, while the service is awake */
	struct service_runtime *runtime;
	ev_timer timer;                 /* end of the wait, while its start waits for others */
	const struct instance *instance; /* start that `ordered` is about; only compared */
	bool *ordered;                  /* true: the wanted service of this number was started for that start */
	size_t count;                   /* entries of ordered */
};

/* Returns an awake service that wants this one; NULL: there is none. */
const struct service_runtime *wants_find(const struct service_list *service_list, const char *name);

void wants_free(struct service_runtime *runtime);       /* accepts a service without one */
