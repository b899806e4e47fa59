/* Chooses the control group of the next instance of a service. Nothing here may fail a start: an instance that
 * cannot have a group runs outside, as all do where there are no groups. */
#include "engine/service/service_group.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/fd.h"
#include "engine/launch/open_groups.h"
#include "os/cgroup/cgroup.h"

#define OFTEN 10.0                      /* seconds between two starts, below which the group is kept open */

static bool has_instance_in(struct keeper *keeper, const char *path)
{
	LIST_EACH(link, keeper_instances(keeper)) {
		const struct instance *instance = container_of(link, struct instance, link);

		if (instance->cgroup.path && !strcmp(instance->cgroup.path, path))
			return true;
	}
	return false;
}

/* A group must not be shared if it may have processes of an earlier instance, or is being removed. The earlier instance
 * may belong to a service that the table lost and has again. */
static bool is_taken(struct keeper *keeper, const char *path)
{
	if (has_instance_in(keeper, path))
		return true;
	LIST_EACH(link, &keeper->engine->leaving) {
		if (has_instance_in(keeper_leaving(link), path))
			return true;
	}
	groups_sweep(keeper->engine);
	return group_is_left(keeper->engine, path);
}

/* Not for a start apart: there the child enters its group by itself, and could not find it again. */
static bool take_open(struct keeper *keeper, struct instance *instance, struct spawn_request *launch)
{
	const struct open_group *open = open_groups_find(keeper->engine, keeper->service->name);

	if (!open || instance->course || is_taken(keeper, open->path))
		return false;
	instance->cgroup.path = strdup(open->path);
	instance->cgroup.kept = instance->cgroup.path;
	if (!instance->cgroup.path)
		return false;
	launch->into = open->folder;
	launch->into_path = instance->cgroup.path;
	return true;
}

static bool take_kept(struct keeper *keeper, struct group *group, struct spawn_request *launch)
{
	struct cgroups *cgroups = &keeper->engine->cgroups;
	char *path = cgroups_service_path(cgroups, keeper->service->name);
	bool fresh = false;

	launch->into = path && !is_taken(keeper, path) ? cgroup_service_open(path, &fresh) : -1;
	if (launch->into < 0) {
		free(path);
		return false;
	}
	cgroups->kept += fresh;
	group->path = path;
	group->kept = true;
	return true;
}

static void take_own(struct keeper *keeper, struct group *group, struct spawn_request *launch)
{
	char *path = cgroups_instance_path(&keeper->engine->cgroups, keeper->service->name);
	bool fresh;

	launch->into = path ? cgroup_service_open(path, &fresh) : -1;
	if (launch->into >= 0)
		group->path = path;
	else
		free(path);
}

void service_group_enter(struct keeper *keeper, struct instance *instance, struct spawn_request *launch)
{
	struct group *group = &instance->cgroup;

	if (keeper->service->exec->accept || launch->plan->cgroup_settings || group->path ||
	    !cgroups_probe(&keeper->engine->cgroups))
		return;
	if (take_open(keeper, instance, launch))
		return;
	if (!take_kept(keeper, group, launch))
		take_own(keeper, group, launch);
	if (launch->into < 0)
		launch->into = 0;
}

void service_group_entered(struct keeper *keeper, const struct instance *instance, struct spawn_request *launch)
{
	bool often = keeper->activity->last_start > 0 && clock_now() - keeper->activity->last_start < OFTEN;

	if (!launch->into || launch->into_path)
		return;
	if (often && instance->cgroup.kept)
		open_groups_add(keeper->engine, keeper->service->name, instance->cgroup.path, launch->into);
	else
		fd_close(&launch->into);
	launch->into = 0;
}
