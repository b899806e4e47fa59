/* What the starts of all services share: their control groups, and what is kept for the next start. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/list.h"
#include "engine/serialize/state_field.h"
#include "os/cgroup/cgroup.h"

struct engine;

struct start_resources {
	struct cgroups cgroups;         /* control groups of instances (engine/launch/instance_cgroup) */
	struct list empty_cgroups;      /* groups whose instance is gone, not removed yet (struct empty_cgroup) */
	struct list left_bases;         /* folders of groups of superds that are gone, as struct empty_cgroup */
	struct list open_cgroups;       /* groups of services that were started lately (engine/launch/cgroup_cache) */
	unsigned open_cgroup_count;
	struct list resting;            /* start kits of services without an instance, the one that rests longest first */
	size_t resting_count;
	bool notify_dir_swept;          /* the folder of engine/launch/notify was cleared of sockets that others left there */
};

extern const struct field_table start_resources_state;  /* over an upgrade */

/* Makes it the engine's. */
void start_resources_init(struct engine *engine, struct start_resources *resources);
