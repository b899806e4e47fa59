/* Chooses the control group of the next instance of a service. No failure here may fail a start: without a group, an
 * instance runs outside, as all do where there are no groups. */
#include "superd/service/service_cgroup.h"

#include <stdlib.h>
#include <string.h>

#include "lib/clock.h"
#include "lib/fd.h"
#include "os/cgroup/cgroup.h"
#include "superd/instance/instance_cgroup.h"
#include "superd/instance/start_resources.h"
#include "superd/instance/service_list.h"

/* Seconds; superd keeps the group open if the starts follow each other more quickly. */
#define CACHE_SECONDS 10.0

static bool has_instance_in(struct service_runtime *runtime, const char *path)
{
	LIST_EACH(link, runtime_instances(runtime)) {
		const struct instance *instance = container_of(link, struct instance, link);

		if (instance->cgroup.path && !strcmp(instance->cgroup.path, path))
			return true;
	}
	return false;
}

/* Whether a group cannot be used: it may have processes of an earlier instance, or is being removed. The earlier
 * instance may belong to a service that was removed and is configured again. */
static bool is_taken(struct service_runtime *runtime, const char *path)
{
	if (has_instance_in(runtime, path))
		return true;
	LIST_EACH(link, &runtime->engine->service_list->leaving) {
		if (has_instance_in(runtime_leaving(link), path))
			return true;
	}
	instance_cgroups_sweep(runtime->engine);
	return instance_cgroup_is_left(runtime->engine, path);
}

/* Uses the group that is still open. Not for an instance with an exec sequence: its child enters the group by
 * itself, and has only the path. */
static bool use_cached_group(struct service_runtime *runtime, struct instance *instance, struct spawn_request *launch)
{
	const struct cgroup_cache_entry *open = cgroup_cache_find(runtime->engine, runtime->service->name);

	if (!open || instance->sequence || is_taken(runtime, open->path))
		return false;
	instance->cgroup.path = strdup(open->path);
	instance->cgroup.kept = instance->cgroup.path;
	if (!instance->cgroup.path)
		return false;
	launch->into = open->folder;
	launch->into_path = instance->cgroup.path;
	return true;
}

static bool use_kept_group(struct service_runtime *runtime, struct instance_cgroup *group, struct spawn_request *launch)
{
	struct cgroups *cgroups = &runtime->engine->launch->cgroups;
	char *path = cgroups_service_path(cgroups, runtime->service->name);
	bool fresh = false;

	launch->into = path && !is_taken(runtime, path) ? cgroup_service_open(path, &fresh) : -1;
	if (launch->into < 0) {
		free(path);
		return false;
	}
	cgroups->kept += fresh;
	group->path = path;
	group->kept = true;
	return true;
}

static void use_new_group(struct service_runtime *runtime, struct instance_cgroup *group, struct spawn_request *launch)
{
	char *path = cgroups_instance_path(&runtime->engine->launch->cgroups, runtime->service->name);
	bool fresh;

	launch->into = path ? cgroup_service_open(path, &fresh) : -1;
	if (launch->into >= 0)
		group->path = path;
	else
		free(path);
}

void service_cgroup_enter(struct service_runtime *runtime, struct instance *instance, struct spawn_request *launch)
{
	struct instance_cgroup *group = &instance->cgroup;

	if (runtime->service->exec->accept || launch->plan->cgroup_settings || group->path ||
	    !cgroups_probe(&runtime->engine->launch->cgroups))
		return;
	if (use_cached_group(runtime, instance, launch))
		return;
	if (!use_kept_group(runtime, group, launch))
		use_new_group(runtime, group, launch);
	if (launch->into < 0)
		launch->into = 0;
}

void service_cgroup_entered(struct service_runtime *runtime, const struct instance *instance,
			    struct spawn_request *launch)
{
	double last_start = runtime_stats(runtime)->last_start;
	bool often = last_start > 0 && clock_now() - last_start < CACHE_SECONDS;

	if (!launch->into || launch->into_path)
		return;
	if (often && instance->cgroup.kept)
		cgroup_cache_add(runtime->engine, runtime->service->name, instance->cgroup.path, launch->into);
	else
		fd_close(&launch->into);
	launch->into = 0;
}
