/* The list of a confinement's mounts while it is made. Private to exec/child/confine* and exec/sandbox/confine*. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/pool.h"
#include "config/option/service.h"
#include "exec/child/confine.h"

/* A right: as it is above, taken away, or as it was before. */
enum right { RIGHT_INHERITED, RIGHT_TAKEN, RIGHT_KEPT };

struct place {
	struct confine_mount mount;
	unsigned write, execute;        /* enum right */
	size_t number;                  /* in the order in which they were asked for */
};

struct places {
	struct pool *pool;
	const char *root;               /* root_directory; NULL: / */
	struct place *list;
	size_t count, capacity;
	bool no_proc;                   /* /proc stays as it is: nothing else can be had */
	const char *network;            /* the option that gives it a network of its own, where /sys can follow; NULL: none */
	bool failed;                    /* out of memory */
	bool overflowed;                /* there were more than CONFINE_MOUNTS_MOST */
};

/* Adds one at a path that is seen inside of the root. */
void places_add(struct places *places, const char *path, size_t length, const struct place *place);

/* Every place that the row's options ask for. */
void places_fill(struct places *places, const struct service *service);

/* By path, each once, without what changes nothing, each with what follows from those above it. Links on the way
 * of a path are followed where there is no other root. */
void places_settle(struct places *places);
