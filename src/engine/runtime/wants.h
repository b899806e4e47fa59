/* Which services need others to run beside them (the option `wants`). A service is awake while an instance of it starts,
 * runs or stops, and not while it is frozen. As long as it is awake the services that it wants are not idle. Awake
 * services that want each other, directly or over others, are a ring: each of them sleeps when all of them are unused. */
#pragma once

#include <ev.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/list.h"

#define WANTS_TEXT 64                   /* bytes of a text that names a service; a long name is cut */

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
	bool reached;                   /* the rest is of one search: it was found, … */
	struct wants *next;             /* … and its wanted services are examined after this one */
};

/* Returns an awake service that wants this one and is in no ring with it; NULL: there is none. */
const struct service_runtime *wants_find(const struct service_runtime *runtime);

/* Whether a service that is awake is in a ring. */
bool wants_itself(const struct service_runtime *runtime);

/* Whether two services that are awake want each other, directly or over others that are awake. */
bool wants_are_ring(const struct service_runtime *one, const struct service_runtime *other);

/* Notes which service has ordered the next start or thaw of this one, because it wants it. by: NULL: none has. Needs
 * runtime_make_run. */
void wants_note_order(struct service_runtime *runtime, const struct service_runtime *by);

/* Writes "app, which wants it". false: no other service has ordered its next start or thaw. */
bool wants_describe_order(const struct service_runtime *runtime, char text[WANTS_TEXT]);

void wants_free(struct service_runtime *runtime);       /* accepts a service without one */
