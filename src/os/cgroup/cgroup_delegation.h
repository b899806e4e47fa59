/* Where superd may make control groups: below the one it is in itself, of the kernel's second hierarchy, when that is
 * handed to it. Looked for anew when a table that wants one is loaded; nothing is changed by looking. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/pool.h"

enum controller {
	CONTROLLER_CPU = 1 << 0, CONTROLLER_CPUSET = 1 << 1, CONTROLLER_IO = 1 << 2, CONTROLLER_MEMORY = 1 << 3,
	CONTROLLER_PIDS = 1 << 4
};

#define CONTROLLERS 5
extern const char *const controller_names[CONTROLLERS];        /* by bit */

struct cgroup_delegation {
	const char *path;               /* superd's own group, as a folder; kept. NULL: no group can be made */
	bool is_root;                   /* the root of the hierarchy: it may hold processes and pass on controllers */
	unsigned controllers;           /* those that groups below it can have */
	const char *wrong;              /* without a path: why; without controllers: why there are none */
};

/* NULL: out of memory. */
const struct cgroup_delegation *cgroup_delegation_find(struct pool *pool);

/* Whether superd's own group, or one above it as far as they are to be seen from here, has a limit of memory, in cgroup
 * v1 or v2. */
bool cgroup_has_memory_limit(void);

/* The pids of a group's own processes, each given to `see` until that says false. false and errno: they can't be
 * read. */
bool cgroup_each_process(const char *path, bool (*see)(void *context, long pid), void *context);

/* The controllers, by bit, that a file of a group names; none where it can't be read. */
unsigned cgroup_read_controllers(const char *folder, const char *file);

/* Writes a text to a file of a group. false and errno. */
bool cgroup_write(const char *folder, const char *file, const char *text);

/* The folder of superd's groups below its own is called so with its pid behind, what tells the namespace of that pid,
 * and ".NUMBER" where that is still somebody's; the group of its own in there as this. */
#define CGROUP_BASE "superd-"
#define CGROUP_LEAF "superd"

/* "" in the machine's own namespace of pids, else "-NUMBER": pids of several may meet in one place. size at least
 * 24. */
void cgroup_parent_suffix(char *text, size_t size);
