/* The control groups of instances (os/cgroup/cgroup). An instance whose service has cgroup settings gets a group of
 * its own, which its first process makes. All processes that the instance has started end with the group, even if
 * they have forked away. Other instances that get the listeners are in the group of their service
 * (superd/service/service_cgroup). */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "lib/buf.h"
#include "lib/list.h"
#include "superd/loop/engine.h"
#include "superd/start/spawn.h"

/* The group of an instance, embedded there. Zeroed: none. */
struct instance_cgroup {
	char *path;                     /* path of its folder; NULL: none */
	uint32_t files;                 /* files that were set in it: cgroup_files */
	bool kept;                      /* it belongs to the service (superd/service/service_cgroup), and outlives the instance */
	bool killed;                    /* it was killed as a whole; no process can be started in it (os/proc/clone_into_cgroup) */
};

/* A group whose instance has ended; superd removes it once it is empty. */
struct empty_cgroup {
	struct list link;
	char *path;
};

/* Puts a start of this service into its group, if it has cgroup settings. false: that failed, for the reason in
 * why. */
bool instance_cgroup_enter(struct instance_cgroup *group, struct engine *engine, const struct service *service,
			   struct spawn_request *launch, struct buf *why);

bool instance_cgroup_holds(const struct instance_cgroup *group); /* whether a process is in it */
bool instance_cgroup_is_empty(const struct instance_cgroup *group, struct engine *engine); /* there is one, without processes */
bool instance_cgroup_signal(const struct instance_cgroup *group, int signal); /* signals all its processes; false: no group, or not all */
/* Kills all its processes; none can be started in it afterwards. */
void instance_cgroup_kill(struct instance_cgroup *group);

/* The service has new settings: sets the limits of an instance that runs, with this main process. */
void instance_cgroup_adopt(struct instance_cgroup *group, struct engine *engine, const struct service *service,
			   pid_t pid);

/* The instance has ended with this status: removes the group as soon as it is empty. kills: kills the processes that
 * are left in it. */
void instance_cgroup_leave(struct instance_cgroup *group, struct engine *engine, int status, bool kills);

/* The service is removed: removes the group it keeps, once that is empty. */
void instance_cgroup_forget(struct engine *engine, const struct service *service);

/* Notes the group of an instance that has ended, to remove it once it is empty; owns path. */
void instance_cgroup_remember(struct engine *engine, char *path);

bool instance_cgroup_is_left(const struct engine *engine, const char *path); /* whether it was noted, and is not removed yet */

/* Removes noted groups that have become empty. Called after superd has reaped processes. */
void instance_cgroups_sweep(struct engine *engine);
bool instance_cgroups_are_left(const struct engine *engine); /* whether a group is noted */

/* superd ends: removes its groups. */
void instance_cgroups_end(struct engine *engine);

/* Control groups of services (superd/service/service_cgroup) that superd keeps open between two starts: to find one
 * by its path costs more than all else that superd does with it. The cache has the groups that were used last. It may
 * close any of them at any time; superd then finds the group by its path again. */

struct cgroup_cache_entry {
	struct list link;               /* in engine->launch->open_cgroups, the last used first */
	char *service;                  /* name of the service */
	char *path;                     /* path of the group */
	int folder;                     /* descriptor of its folder, in which processes are started */
	int events;                     /* descriptor of its cgroup.events */
};

/* Returns the open group of a service, valid until the next call of this cache; NULL: it is not open. */
const struct cgroup_cache_entry *cgroup_cache_find(struct engine *engine, const char *service);

/* Keeps the group of a service open. Owns `folder`, the descriptor of its folder, also on failure. */
void cgroup_cache_add(struct engine *engine, const char *service, const char *path, int folder);

void cgroup_cache_close_all(struct engine *engine);     /* descriptors are short, or superd ends */
