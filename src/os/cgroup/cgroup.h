/* The control groups of superd's instances: a base folder below superd's own group, created for the first instance that
 * needs one, and in it a group for each instance. The child writes the group's settings (exec/child/cgroup_join). */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "os/cgroup/cgroup_delegation.h"

struct cgroups {
	const char *identity;           /* mark by which a later superd recognises the groups; borrowed; NULL: none */
	char *own;                      /* superd's own group; NULL: nothing was made yet */
	char *base;                     /* the folder below own that holds all groups */
	bool moved;                     /* superd is in a group below base, so that base can have controllers */
	unsigned enabled;               /* enum controller: what groups in base have */
	unsigned passed;                /* controllers that superd's own group passes on because of superd */
	uint64_t made;
	unsigned kept;                  /* number of groups that services keep, empty or not */
	bool sought;                    /* cgroups_probe has run: keeps is valid */
	bool keeps;                     /* services can keep groups, and start right in them */
};

/* Whether services can keep a group, even if their rows ask for none. The first call tries it, and creates the base. */
bool cgroups_probe(struct cgroups *cgroups);

/* Creates the base in this place and enables these controllers (enum controller). false with the reason in why, which
 * begins with the option: "tasks_max: ...". */
bool cgroups_prepare(struct cgroups *cgroups, const struct cgroup_delegation *place, unsigned controllers,
		     const char *option, struct buf *why);

/* The path of the group of a service's new instance, malloc'ed; the group is not created. NULL: out of memory. */
char *cgroups_instance_path(struct cgroups *cgroups, const char *service);

void cgroup_add_stem(struct buf *path, const char *service);   /* adds a group's name without the number at its end */

/* The path of the group that a service keeps, malloc'ed. NULL: the service's name is too long, or out of memory. */
char *cgroups_service_path(const struct cgroups *cgroups, const char *service);

/* Whether a group of this name, without its folder, is one that a service of that name has, or an instance of it
 * had. */
bool cgroup_is_of(const char *group, const char *service);

/* Whether a process can be started in a fresh group. */
bool cgroups_test_start(const struct cgroups *cgroups);

/* Opens the group that a service keeps, for starts only (O_PATH); creates it if it is missing. -1 and errno. */
int cgroup_service_open(const char *path, bool *fresh);
/* Recreates a group that was removed. Returns true and sets descriptor `fd` to the new group on success. */
bool cgroup_service_reopen(const char *path, int fd);

/* Opens an open group's cgroup.events, which tells whether any process is in it or in one below. -1 and errno. */
int cgroup_open_events(int folder);
int cgroup_read_events(int events);             /* 1: populated, 0: empty; -1 and errno, ENODEV: removed */

/* Removes all empty groups; if none is left, also undoes what was done to superd's own group. */
void cgroups_end(struct cgroups *cgroups);

bool cgroup_is_populated(const char *path);     /* false also where there is none */
void cgroup_signal(const char *path, int signal);       /* to each of its processes, those in groups below it too */
void cgroup_kill(const char *path);             /* all of them, also what they start meanwhile */
void cgroup_thaw(const char *path);             /* and all groups below it */
bool cgroup_remove(const char *path);           /* with groups below it; true: it is gone */
