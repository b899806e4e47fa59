/* From a service to the group of its next instance. The hard thing is that nothing here may fail a start: whoever
 * can't be in a group is outside, as everybody is where there are none. */
#include "engine/service/service_group.h"

#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "engine/launch/open_groups.h"
#include "os/cgroup/cgroup.h"

#define OFTEN 10.0                      /* seconds between starts: then its group is kept open for the next */

static bool has_instance_in(struct keeper *keeper, const char *path)
{
	LIST_EACH(link, keeper_instances(keeper)) {
		const struct instance *instance = container_of(link, struct instance, link);

		if (instance->cgroup.path && !strcmp(instance->cgroup.path, path))
			return true;
	}
	return false;
}

/* One that may be full of an earlier instance's processes, or is to go, is nobody else's. The earlier one may be
 * that of a service which the table lost and has again. */
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

/* A start apart is another matter: there the child goes into its group itself, and could not find it again. */
static bool take_open(struct keeper *keeper, struct instance *instance, struct launch *launch)
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

static bool take_kept(struct keeper *keeper, struct group *group, struct launch *launch)
{
	struct cgroups *cgroups = &keeper->engine->cgroups;
	char *path = cgroups_name_kept(cgroups, keeper->service->name);
	bool fresh = false;

	launch->into = path && !is_taken(keeper, path) ? cgroup_take(path, &fresh) : -1;
	if (launch->into < 0) {
		free(path);
		return false;
	}
	cgroups->kept += fresh;
	group->path = path;
	group->kept = true;
	return true;
}

static void take_own(struct keeper *keeper, struct group *group, struct launch *launch)
{
	char *path = cgroups_name(&keeper->engine->cgroups, keeper->service);
	bool fresh;

	launch->into = path ? cgroup_take(path, &fresh) : -1;
	if (launch->into >= 0)
		group->path = path;
	else
		free(path);
}

void service_group_enter(struct keeper *keeper, struct instance *instance, struct launch *launch)
{
	struct group *group = &instance->cgroup;

	if (keeper->service->what->accept || launch->plan->allotment || group->path ||
	    !cgroups_seek(&keeper->engine->cgroups))
		return;
	if (take_open(keeper, instance, launch))
		return;
	if (!take_kept(keeper, group, launch))
		take_own(keeper, group, launch);
	if (launch->into < 0)
		launch->into = 0;
}

void service_group_entered(struct keeper *keeper, const struct instance *instance, struct launch *launch)
{
	bool often = keeper->activity->last_start > 0 && engine_clock() - keeper->activity->last_start < OFTEN;

	if (!launch->into || launch->into_path)
		return;
	if (often && instance->cgroup.kept)
		open_groups_add(keeper->engine, keeper->service->name, instance->cgroup.path, launch->into);
	else
		fd_close(&launch->into);
	launch->into = 0;
}
