/* The list of a sandbox's mounts while it is made. Private to superd/start. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "exec/child/sandbox.h"
#include "lib/pool.h"
#include "table/service/service.h"

/* A right at a path: inherited from the mount above, taken away, or kept as it was before. */
enum mount_right { RIGHT_INHERITED, RIGHT_TAKEN, RIGHT_KEPT };

/* A mount with the rights that options ask for. */
struct listed_mount {
	struct sandbox_mount mount;
	unsigned write, execute;        /* enum mount_right */
	size_t number;                  /* index in the order of mount_list_add, so that sorting is stable */
};

/* All mounts of a sandbox. The caller frees the list. */
struct mount_list {
	struct pool *pool;
	const char *root;               /* root_directory; NULL: / */
	struct listed_mount *list;
	size_t count, capacity;
	const char *control;            /* path of superd's control socket; NULL: the default, or it has none */
	bool no_proc;                   /* /proc stays as it is, as superd cannot mount a new one */
	const char *network;            /* the option that gives it another network namespace, which /sys must show; NULL: none */
	bool failed;                    /* out of memory */
	bool overflowed;                /* there are more than SANDBOX_MOUNTS_MOST */
};

/* Adds the mounts that the service's options name. */
void mount_list_fill(struct mount_list *list, const struct service *service);

/* Sorts the mounts by path, merges those with one path, drops those without effect, and gives each the rights that
 * follow from the mounts above it. Without another root, symlinks on the way are followed. */
void mount_list_finish(struct mount_list *list);
