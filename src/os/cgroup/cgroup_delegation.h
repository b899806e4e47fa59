/* Where superd may create control groups: below its own group of the unified hierarchy (cgroup v2), if that is
 * delegated to it. superd looks again when it loads a table that needs groups. Looking changes nothing. */
#pragma once

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "lib/pool.h"

/* Controllers of cgroup v2, as bits (the kernel's cgroup-v2.rst, "Controllers"). */
enum controller {
	CONTROLLER_CPU = 1 << 0, CONTROLLER_CPUSET = 1 << 1, CONTROLLER_IO = 1 << 2, CONTROLLER_MEMORY = 1 << 3,
	CONTROLLER_PIDS = 1 << 4
};

#define CONTROLLERS 5
extern const char *const controller_names[CONTROLLERS];        /* by bit */

struct cgroup_delegation {
	const char *path;               /* path of superd's own group, in the pool; NULL: superd can create no group */
	/* The group is the hierarchy's root, which may hold processes and still enable controllers for groups below. */
	bool is_root;
	unsigned controllers;           /* controllers that groups below it can have */
	const char *wrong;              /* why `path` is NULL, or why `controllers` is 0; a constant text */
};

/* Looks for superd's group. Never NULL unless out of memory. */
const struct cgroup_delegation *cgroup_delegation_find(struct pool *pool);

/* Finds superd's own group in the hierarchy of a controller of cgroup v1, "" for that of cgroup v2. false: there is
 * none, or it cannot be seen. */
bool cgroup_find_own(const char *controller, char *path, size_t size);

/* Whether the process is in this group, the path of one of superd's, or in a group below it. */
bool cgroup_holds(const char *group, pid_t pid);

/* Whether the process is in a group that superd, or one before it in the same group, has made for what it starts. */
bool cgroup_has_started(pid_t pid);

/* Whether the path is a group of any hierarchy. A group of cgroup v2 with groups below it has no processes of its own,
 * so its cgroup.procs proves nothing. */
bool cgroup_is_group(const char *path);

/* cgroup v1 shows "no limit" as the greatest number, PAGE_COUNTER_MAX: near 2^63 bytes, or 2^43 on 32 bits, rounded
 * down to pages. Half of that is more memory than any machine has. */
#define CGROUP_UNLIMITED (1ll << (LONG_MAX > INT32_MAX ? 62 : 42))

/* Calls `see` for the pid of each process in the group itself, until `see` returns false. false and errno: the pids
 * cannot be read. */
bool cgroup_each_process(const char *path, bool (*see)(void *context, long pid), void *context);

/* The controllers, by bit, that a group's file lists (cgroup.controllers, cgroup.subtree_control); 0 if it cannot be
 * read. */
unsigned cgroup_read_controllers(const char *folder, const char *file);

/* Writes a text to a group's file. false and errno. */
bool cgroup_write(const char *folder, const char *file, const char *text);

/* The name of superd's base folder: CGROUP_BASE, superd's pid, cgroup_parent_suffix, and ".NUMBER" if that name is
 * still in use. superd's own processes are in CGROUP_LEAF below it. */
#define CGROUP_BASE "superd-"
#define CGROUP_LEAF "superd"

/* Writes "" in the initial pid namespace, else "-NUMBER" (its inode, pid_namespaces(7)): the pids of several
 * namespaces may meet in one folder. size: at least 24. */
void cgroup_parent_suffix(char *text, size_t size);
