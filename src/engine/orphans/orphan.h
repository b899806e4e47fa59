/* A group of processes that a superd which was killed (kill -9, out of memory) has left, and that no instance has. Which group
 * they are in proves what they are: nobody but that superd's user could have put them there. What they say of themselves
 * (their environment, their name) proves nothing.
 *
 * One that is to end is told so, and killed when its time is over; one that is not runs on by itself. engine/orphans/orphans finds
 * them, engine/orphans/orphan_end ends them. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/list.h"
#include "config/option/service.h"

struct engine;

struct orphan {
	struct list link;               /* in the engine's */
	char *group;                    /* its folder */
	char *service;                  /* whose it was; NULL: a service that the table does not have */
	char *wanted_by;                /* the service that waits for its end; NULL: none */
	pid_t pid;                      /* the first of its processes; 0: not known */
	bool ends, killed;
	double until;                   /* loop time, when what is left of it is killed */
};

/* NULL: out of memory. */
struct orphan *orphan_add(struct engine *engine, const char *group, const char *service);
void orphan_free(struct orphan *orphan);

/* Why an address of this endpoint can't be bound, where an orphan has it: adds to why who that is, and what can be done. */
void orphan_explain(const struct engine *engine, const char *service, const struct endpoint *address, struct buf *why);

/* The one that has this endpoint's port; where it has none, that of the service. NULL: none. *holder: its process that has
 * it, or its first; 0: not known. */
struct orphan *orphan_find(const struct engine *engine, const char *service, const struct endpoint *address, pid_t *holder);
