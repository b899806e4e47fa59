/* The control group that a service keeps from one instance to the next. If groups are cheap
 * (clone_into_cgroup_is_possible), superd starts each instance that gets the listeners in this group, alone. While
 * the group has a process, as of a draining instance, the next instance gets a group of its own, which is removed
 * with it (superd/instance/instance_cgroup). Without control groups superd uses process groups, and logs nothing. */
#pragma once

#include "superd/instance/instance.h"
#include "superd/instance/runtime.h"

/* Puts a start into the group of its service, or into a new one. Call the second function after the start. They do
 * nothing with accept = yes, or if the entry requires a group that the child creates. */
void service_cgroup_enter(struct service_runtime *runtime, struct instance *instance, struct spawn_request *launch);
void service_cgroup_entered(struct service_runtime *runtime, const struct instance *instance,
			    struct spawn_request *launch);
