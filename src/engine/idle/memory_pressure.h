/* sleep_under_pressure: when memory is short, superd stops or freezes backends without clients before their
 * idle_timeout, the one that has been unused for longest first. One after another, with a look at the memory between, so
 * that no more go than needed. Until there is room, other services wait with their starts (engine/runtime/start_queue);
 * where nothing can go, one may start from time to time.
 *
 * Memory is short when the kernel reports that tasks wait for it, or, which superd looks at before a start, when less
 * is left than the starts under way may need. superd does not look otherwise. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "config/table/table.h"
#include "engine/core/fd_watch.h"
#include "os/cgroup/memory_room.h"

struct service_runtime;

/* Owner: struct supervisor. */
struct memory_pressure {
	struct memory_sensor sensor;    /* open while a service has sleep_under_pressure */
	struct watch watch;             /* of its events */
	struct alarm alarm;             /* next look, while memory is short */
	bool is_short;                  /* by the last look */
	bool lets_one_start;            /* nothing could go for so long that the next start is let through */
	double since;                   /* loop time since when a start waits in vain, as nothing can go; 0: none does */
	double logged;                  /* loop time when it was last logged that memory is short; 0: never */
	double last_hurry;              /* loop time when the last backend was told to go; 0: never */
};

void memory_pressure_init(struct engine *engine, struct memory_pressure *pressure);
void memory_pressure_free(struct engine *engine);

/* Called for a new table, before its services start: opens or closes the sensor. */
void memory_pressure_follow(struct engine *engine, const struct table *table);

/* Called before a start: looks, and lets starts wait if memory is short. Does nothing if no service has
 * sleep_under_pressure. */
void memory_pressure_look(struct engine *engine);

/* The decisions, without the sensor. Starting: starts under way, and one that may begin. instances: those that share
 * what is used of the group. */
bool memory_is_short(const struct memory_room *group, const struct memory_room *machine, unsigned starting,
		     size_t instances);

/* Returns the service that goes first; NULL: none may go. */
struct service_runtime *memory_pressure_choose(const struct engine *engine);
