/* The list of a confinement's mounts while it is made. Private to exec/child/confine* and exec/sandbox/confine*. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/pool.h"
#include "config/service/service.h"
#include "exec/child/confine.h"

/* A right at a place: inherited from the place above, taken away, or kept as it was before. */
enum right { RIGHT_INHERITED, RIGHT_TAKEN, RIGHT_KEPT };

struct place {
	struct confine_mount mount;
	unsigned write, execute;        /* enum right */
	size_t number;                  /* index in the order of places_add */
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

/* Adds a place at a path inside the root. */
void places_add(struct places *places, const char *path, size_t length, const struct place *place);

/* Adds every place that the row's options name. */
void places_fill(struct places *places, const struct service *service);

/* Sorts the places by path, merges those of one path, drops those without effect, and gives each what follows from the
 * places above it. If there is no other root, links on the way are followed. */
void places_settle(struct places *places);
