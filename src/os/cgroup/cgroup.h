/* The control groups of superd's instances (cgroups(7), v2). They lie in a base folder below superd's own group, which
 * is created for the first instance that needs one. Each instance has a group there; a service may also keep one from
 * instance to instance. The child writes the group's settings (exec/child/cgroup_join). */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "lib/buf.h"
#include "os/cgroup/cgroup_delegation.h"
#include "os/proc/process.h"

/* A group that a killed superd has left, with processes in it. */
struct left_group {
	char *path;
	double kill_at;                 /* when what is in it is killed, as it was asked to end; 0: it was not */
	bool is_killed;
};

/* A socket that a process of such a group has. */
struct left_socket {
	struct file_id file;
	pid_t pid;
	size_t group;                   /* index; the sockets of a group stand together */
};

/* What killed superds have left, of os/cgroup/cgroup_parent. */
struct left_groups {
	struct left_group *list;
	struct left_socket *sockets;
	size_t count, room, socket_count, socket_room;
	int64_t read_again;             /* from when on all of it is read anew, by clock_ms */
};

/* All control groups of this superd. A zeroed struct is valid; cgroups_end frees its contents. */
struct cgroups {
	struct {                        /* saved */
		char *own;              /* path of superd's own group; NULL: no base exists yet */
		char *base;             /* path of the folder below `own` that holds all groups */
		/* Superd has moved itself to a group below `base`, as a group with controllers may hold no processes. */
		bool moved;
		unsigned enabled;       /* controllers (enum controller) that the groups in `base` have */
		unsigned passed;        /* controllers that superd has enabled in the cgroup.subtree_control of its own group */
		uint64_t made;          /* number of the last instance's group */
		unsigned kept;          /* number of groups that services keep, empty or not */
	};
	bool probed;                    /* cgroups_probe has run, so `keeps` is valid */
	struct left_groups left;
	bool keeps;                     /* services can keep groups, and processes can be started right in them */
};

/* Whether services can keep a group. The first call tries it and creates the base, even if no service asks for a
 * group. */
bool cgroups_probe(struct cgroups *cgroups);

/* Creates the base in this place and enables these controllers (enum controller). false with the reason in why, which
 * begins with the option: "tasks_max: ...". */
bool cgroups_prepare(struct cgroups *cgroups, const struct cgroup_delegation *place, unsigned controllers,
		     const char *option, struct buf *why);

/* The path of the group of a service's new instance, for the caller to free(). Does not create the group. NULL: out of
 * memory. */
char *cgroups_instance_path(struct cgroups *cgroups, const char *service);

/* The path of the group that a service keeps, for the caller to free(). NULL: the service's name is too long, or out of
 * memory. */
char *cgroups_service_path(const struct cgroups *cgroups, const char *service);

/* Opens the group that a service keeps with O_PATH, for starts only. Creates it if it is missing, and sets *fresh to
 * whether it did. -1 and errno. */
int cgroup_service_open(const char *path, bool *fresh);
/* Recreates a group that was removed. Returns true and sets descriptor `fd` to the new group on success. */
bool cgroup_service_reopen(const char *path, int fd);

/* Opens the cgroup.events file of an open group, which reports whether any process is in the group or below it. -1 and
 * errno. */
int cgroup_open_events(int folder);
int cgroup_read_events(int events);             /* 1: populated, 0: empty; -1 and errno, ENODEV: removed */

/* Removes all empty groups; if none is left, also undoes the changes to superd's own group. */
void cgroups_end(struct cgroups *cgroups);

bool cgroup_is_populated(const char *path);     /* false also where there is none */
bool cgroup_signal(const char *path, int signal);       /* to each of its processes, and of the groups below it; false: not to all */
void cgroup_kill(const char *path);             /* SIGKILL for all of them, also for processes that they fork meanwhile */
void cgroup_thaw(const char *path);             /* and all groups below it */
bool cgroup_remove(const char *path);           /* with the groups below it; true: it is gone */
