/* The objects that the starts of all services share: control groups, and unused start kits. The caller of
 * start_resources_init owns them. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "lib/list.h"
#include "os/cgroup/cgroup.h"
#include "superd/saved/state_field.h"

struct engine;

struct start_resources {
	struct {                        /* saved */
		struct cgroups cgroups; /* control groups of instances (superd/instance/instance_cgroup) */
	};
	struct list empty_cgroups;      /* struct empty_cgroup: groups whose instance has ended, not removed yet */
	struct list open_cgroups;       /* struct cgroup_cache_entry: groups of services that were started lately */
	unsigned open_cgroup_count;     /* entries of open_cgroups */
	struct list resting;            /* start kits of services without an instance, the longest unused first */
	size_t resting_count;           /* entries of resting */
	bool notify_dir_swept;          /* sockets of earlier superds were removed from the folder of superd/instance/notify */
};

extern const struct field_table start_resources_state;  /* saved over an upgrade */

/* Makes `resources` the engine's. */
void start_resources_init(struct engine *engine, struct start_resources *resources);
