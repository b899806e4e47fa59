/* The control group that a service keeps from one instance to the next. If groups cost a client nothing
 * (clone_into_cgroup_is_possible), each instance that gets the listeners is started in it, alone: while a process is in
 * it, as of a draining instance, the next one gets a group of its own that is removed with it
 * (engine/launch/instance_cgroup). Without control groups superd uses process groups, and logs nothing. */
#pragma once

#include "engine/instance/instance.h"
#include "engine/runtime/runtime.h"

/* Puts a start into the group of its service, or into one of its own; the second is called after the start. Does
 * nothing if the row wants a group that the child makes, and with accept = yes. */
void service_cgroup_enter(struct service_runtime *runtime, struct instance *instance, struct spawn_request *launch);
void service_cgroup_entered(struct service_runtime *runtime, const struct instance *instance,
			    struct spawn_request *launch);
