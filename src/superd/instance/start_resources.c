/* Initializes the shared resources of starts; the table lists what is saved over an upgrade. */
#include "superd/instance/start_resources.h"

#include "superd/loop/engine.h"

void start_resources_init(struct engine *engine, struct start_resources *resources)
{
	engine->launch = resources;
	list_init(&resources->empty_cgroups);
	list_init(&resources->open_cgroups);
	list_init(&resources->resting);
}

static const struct state_field cgroups_fields[] = {
	{ STATE_FIELD(cgroups, "cgroup_own", own) },
	{ STATE_FIELD(cgroups, "cgroup_base", base) },
	{ STATE_FIELD(cgroups, "cgroup_moved", moved) },
	{ STATE_FIELD(cgroups, "cgroup_enabled", enabled) },
	{ STATE_FIELD(cgroups, "cgroup_passed", passed) },
	{ STATE_FIELD(cgroups, "cgroup_made", made) },
	{ STATE_FIELD(cgroups, "cgroup_kept", kept), .most = INT32_MAX },
};
static const struct field_table cgroups_state = FIELD_TABLE(NULL, cgroups, cgroups_fields);

static const struct state_field launch_fields[] = {
	{ STATE_STRUCT(start_resources, cgroups, &cgroups_state) },
};
const struct field_table start_resources_state = FIELD_TABLE(NULL, start_resources, launch_fields);
