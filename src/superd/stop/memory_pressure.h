/* sleep_under_pressure: when memory is short, superd stops or freezes backends without clients before their
 * idle_timeout, the one that has been unused for longest first. It stops or freezes one after another, and checks the
 * memory in between, so that no more sleep than necessary. While a backend goes, the starts of other services wait
 * (superd/instance/start_queue). They do not wait if no backend can go, or for one that takes long over it: memory that
 * a service keeps is no reason to delay all others.
 *
 * Memory is short when the kernel reports that tasks wait for it, or when less is left than the present starts may
 * need, which superd checks only before a start. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "os/cgroup/memory_room.h"
#include "superd/loop/fd_watch.h"
#include "table/services/table.h"

struct service_runtime;

/* Owner: struct supervisor. */
struct memory_pressure {
	struct memory_sensor sensor;    /* open while a service has sleep_under_pressure */
	struct watch watch;             /* of its events */
	struct alarm alarm;             /* next look, while memory is short */
	double logged;                  /* loop time when it was last logged that memory is short; 0: never */
	double last_hurry;              /* loop time when superd last stopped or froze a backend; 0: never */
};

void memory_pressure_init(struct engine *engine, struct memory_pressure *pressure);
void memory_pressure_free(struct engine *engine);

/* Called for a new table, before its services start: opens or closes the sensor. */
void memory_pressure_follow(struct engine *engine, const struct table *table);

/* Called before a start: looks, and lets starts wait while a backend makes room. Does nothing if no service has
 * sleep_under_pressure. */
void memory_pressure_look(struct engine *engine);

bool memory_pressure_lasts(const struct engine *engine);        /* whether memory is short now */

/* The decisions, without the sensor. starting: present starts, and one that waits or begins now. instances: the ones
 * that share the used memory of the group. */
bool memory_is_short(const struct memory_room *group, const struct memory_room *machine, unsigned starting,
		     size_t instances);

/* Returns the service that goes first; NULL: none may go. */
struct service_runtime *memory_pressure_choose(const struct engine *engine);
