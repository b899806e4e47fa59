/* The control groups of instances (os/cgroup/cgroup), from their names to their ends. An instance whose row has an
 * cgroup settings gets a group of its own, which its first process makes; all processes that the instance has started
 * end with it, wherever they hide. Other instances that get the listeners are in the group of their service
 * (engine/service/service_cgroup). */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/list.h"
#include "engine/core/engine.h"
#include "exec/spawn/spawn.h"

/* The group of an instance, embedded there. Zeroed: none. */
struct instance_cgroup {
	char *path;
	uint32_t files;                 /* files that were set in it: cgroup_files */
	bool kept;                      /* it belongs to the service (engine/service/service_cgroup), and outlives the instance */
	bool killed;                    /* it was killed as a whole; no process can be started in it any more (os/proc/clone_into_cgroup) */
};

/* A group whose instance is gone, or the folder of groups of a superd that is gone. */
struct empty_cgroup {
	struct list link;
	char *path;
};


/* Puts a start of this row into its group, if the row wants one. false: that failed, for the reason in why. */
bool instance_cgroup_enter(struct instance_cgroup *group, struct engine *engine, const struct service *service,
			   struct spawn_request *launch, struct buf *why);

bool instance_cgroup_holds(const struct instance_cgroup *group); /* a process is in it */
bool instance_cgroup_signal(const struct instance_cgroup *group, int signal); /* signals all its processes; false: there is no group */
void instance_cgroup_kill(struct instance_cgroup *group);

/* Its instance, with this main process, has another row now. */
void instance_cgroup_adopt(struct instance_cgroup *group, struct engine *engine, const struct service *service,
			   pid_t pid);

/* Its instance ends, with this status: removes the group as soon as it is empty. kills: kills all that is left in
 * it. */
void instance_cgroup_leave(struct instance_cgroup *group, struct engine *engine, int status, bool kills);

/* A service goes: removes the group it keeps, once that is empty. */
void instance_cgroup_forget(struct engine *engine, const struct service *service);

/* Remembers the group of an instance that is gone, to remove it; owns path. */
void instance_cgroup_remember(struct engine *engine, char *path);

/* Takes a remembered group back, as its process belongs to an instance again. Does nothing if it is not there. */
void instance_cgroup_take_back(struct instance_cgroup *group, struct engine *engine, const char *path);

bool instance_cgroup_is_left(const struct engine *engine, const char *path); /* its instance is gone, and it is not removed yet */

/* Remembers the folder of a superd that is gone, to remove it once it is empty. */
void instance_cgroups_remember_parent(struct engine *engine, const char *path);

/* Removes the groups and folders that have become empty. */
void instance_cgroups_sweep(struct engine *engine);
bool instance_cgroups_are_left(const struct engine *engine); /* a group or folder is remembered */

/* superd ends. */
void instance_cgroups_end(struct engine *engine);
