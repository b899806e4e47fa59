/* The control groups of superd's instances (cgroups(7), v2). They lie in a base folder below superd's own group, which
 * is created for the first instance that needs one. Each instance has a group there; a service may also keep one from
 * instance to instance. The child writes the group's settings (exec/child/child). */
#pragma once

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "lib/buf.h"
#include "lib/pool.h"
#include "os/proc/process.h"

/* Where superd may create control groups: below its own group of the unified hierarchy (cgroup v2), if that is
 * delegated to it. superd looks again when it loads a table that needs groups. Looking changes nothing. */

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
 * none, or it cannot be seen: *wrong says why, or NULL: errno does. */
bool cgroup_find_own(const char *controller, char *path, size_t size, const char **wrong);

/* Whether the process is in this group, the path of one of superd's, or in a group below it. */
bool cgroup_holds(const char *group, pid_t pid);

/* Whether the path is a group of any hierarchy. A group of cgroup v2 with groups below it has no processes of its own,
 * so its cgroup.procs proves nothing. */
bool cgroup_is_group(const char *path);

/* Adds the pids of the processes in the group itself. false and errno: not all could be read. */
bool cgroup_processes(const char *path, struct pids *pids);

/* Writes a text to a group's file. false and errno. */
bool cgroup_write(const char *folder, const char *file, const char *text);

/* superd's guard, by whose pid its groups are named, and which is known to be alive; 0: superd's own pid. */
void cgroup_name_after(pid_t guard);

/* The name of superd's base folder: CGROUP_BASE, the pid that they are named after, cgroup_parent_suffix, and ".NUMBER" if that name is
 * still in use. superd's own processes are in CGROUP_LEAF below it. */
#define CGROUP_BASE "superd-"
#define CGROUP_LEAF "superd"

/* Writes "" in the initial pid namespace, else "-NUMBER" (its inode, pid_namespaces(7)): the pids of several
 * namespaces may meet in one folder. size: at least 24. */
void cgroup_parent_suffix(char *text, size_t size);

/* All control groups of this superd. A zeroed struct is valid; cgroups_end frees its contents. */
struct cgroups {
	char *own;                      /* path of superd's own group; NULL: no base exists yet */
	char *base;                     /* path of the folder below `own` that holds all groups */
	/* Superd has moved itself to a group below `base`, as a group with controllers may hold no processes. */
	bool moved;
	unsigned enabled;               /* controllers (enum controller) that the groups in `base` have */
	unsigned passed;                /* controllers that superd has enabled in the cgroup.subtree_control of its own group */
	/* Whether services can keep groups, and processes can be started right in them. */
	enum { NOT_PROBED, KEEPS_NONE, KEEPS_GROUPS } probed;
};

/* Whether services can keep a group. The first call tries it and creates the base, even if no service asks for a
 * group; so does the next one, if memory, descriptors or processes were short. */
bool cgroups_probe(struct cgroups *cgroups);

/* Creates the base in this place and enables these controllers (enum controller). false with the reason in why, which
 * begins with the option: "tasks_max: ...". */
bool cgroups_prepare(struct cgroups *cgroups, const struct cgroup_delegation *place, unsigned controllers,
		     const char *option, struct buf *why);

/* The path of the group of a service's instance with this number, for the caller to free(). Does not create the group.
 * NULL: out of memory. */
char *cgroups_instance_path(const struct cgroups *cgroups, const char *service, uint64_t number);

/* Opens the group that a service keeps with O_PATH, for starts only; it is created if it is missing. -1 and errno. */
int cgroup_service_open(const char *path);

/* Removes all empty groups; if none is left, also undoes the changes to superd's own group. */
void cgroups_end(struct cgroups *cgroups);

#define CGROUP_DEPTH_MOST 32            /* levels of groups below one */

bool cgroup_is_populated(const char *path);     /* false also where there is none */
bool cgroup_signal(const char *path, int signal);       /* to each of its processes, and of the groups below it; false: not to all */
void cgroup_kill(const char *path);             /* SIGKILL for all of them, also for processes that they fork meanwhile */
bool cgroup_remove(const char *path);           /* with the groups below it; true: it is gone */

/* The base folder: the parent of all control groups of one superd. */

#define CGROUP_NAME_MOST 200            /* bytes of a group's name in it at most */

/* Creates the base folder below `own`, superd's own group, with superd's pid in its name. If processes are still in that
 * of an earlier superd with this pid, chooses another name. Returns the path for the caller to free(); NULL and errno. */
char *cgroup_parent_claim(const char *own);

/* Memory and CPU time of a process or a control group, from /proc and the group's files. Values are below 0 if they are
 * unknown, as without /proc. */

struct resource_usage {
	/* Resident bytes; of a group what memory.current counts, else what its processes have; -1: unknown. */
	int64_t memory;
	double cpu;                     /* CPU seconds since its start; below 0: unknown */
};

struct resource_usage resource_usage_of_process(pid_t pid);

/* The usage of a control group. is_shared: the group had other processes before, so only the present processes' CPU
 * time counts. */
struct resource_usage resource_usage_of_cgroup(const char *path, bool is_shared);

#define OOM_SCORE_TEXT 8                /* bytes of an oom_score_adj as a text */
