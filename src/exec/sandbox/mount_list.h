/* The list of a sandbox's mounts while it is made. Private to exec/child/sandbox* and exec/sandbox/sandbox*. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/pool.h"
#include "config/service/service.h"
#include "exec/child/sandbox.h"

/* A right at a place: inherited from the place above, taken away, or kept as it was before. */
enum mount_right { RIGHT_INHERITED, RIGHT_TAKEN, RIGHT_KEPT };

struct mount_place {
	struct sandbox_mount mount;
	unsigned write, execute;        /* enum mount_right */
	size_t number;                  /* index in the order of mount_list_add */
};

struct mount_list {
	struct pool *pool;
	const char *root;               /* root_directory; NULL: / */
	struct mount_place *list;
	size_t count, capacity;
	bool no_proc;                   /* /proc stays as it is: nothing else can be had */
	const char *network;            /* the option that gives it a network of its own, where /sys can follow; NULL: none */
	bool failed;                    /* out of memory */
	bool overflowed;                /* there were more than SANDBOX_MOUNTS_MOST */
};

/* Adds a place at a path inside the root. */
void mount_list_add(struct mount_list *places, const char *path, size_t length, const struct mount_place *place);

/* Adds every place that the row's options name. */
void mount_list_fill(struct mount_list *places, const struct service *service);

/* Sorts the places by path, merges those of one path, drops those without effect, and gives each what follows from the
 * places above it. If there is no other root, links on the way are followed. */
void mount_list_finish(struct mount_list *places);
