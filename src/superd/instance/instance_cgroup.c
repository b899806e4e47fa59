/* The control groups of instances. rmdir(2) of a group fails with EBUSY until its last process is reaped, which may
 * be a process that superd does not know. So superd tries to remove the noted groups after each reaping. */
#include "superd/instance/instance_cgroup.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/fd.h"
#include "superd/instance/start_resources.h"
#include "superd/start/cgroup_settings.h"

/* ---- groups of services that are kept open ---- */

/* The list of open control groups, the last used first. Another process may remove a group's folder and make a new
 * one of the same name. clone3(2) reports that at the next start, which opens the new folder
 * (superd/start/spawn_clone); cgroup_cache_ask closes such a group. */

#define OPEN_MOST 16                    /* groups, of two descriptors each */

static void close_one(struct engine *engine, struct cgroup_cache_entry *group)
{
	list_remove(&group->link);
	engine->launch->open_cgroup_count--;
	fd_close(&group->folder);
	fd_close(&group->events);
	free(group->service);
	free(group->path);
	free(group);
}

static void put_first(struct engine *engine, struct cgroup_cache_entry *group)
{
	list_add(engine->launch->open_cgroups.next, &group->link);
}

static struct cgroup_cache_entry *find_path(struct engine *engine, const char *path)
{
	LIST_EACH(link, &engine->launch->open_cgroups) {
		struct cgroup_cache_entry *group = container_of(link, struct cgroup_cache_entry, link);

		if (!strcmp(group->path, path))
			return group;
	}
	return NULL;
}

const struct cgroup_cache_entry *cgroup_cache_find(struct engine *engine, const char *service)
{
	LIST_EACH(link, &engine->launch->open_cgroups) {
		struct cgroup_cache_entry *group = container_of(link, struct cgroup_cache_entry, link);

		if (strcmp(group->service, service) != 0)
			continue;
		list_remove(&group->link);
		put_first(engine, group);
		return group;
	}
	return NULL;
}

/* Closes this group, if it is open. */
static void cgroup_cache_close(struct engine *engine, const char *path)
{
	struct cgroup_cache_entry *group = find_path(engine, path);

	if (group)
		close_one(engine, group);
}

void cgroup_cache_add(struct engine *engine, const char *service, const char *path, int folder)
{
	struct cgroup_cache_entry *group = calloc(1, sizeof(*group));

	cgroup_cache_close(engine, path);
	if (!group) {
		fd_close(&folder);
		return;
	}
	put_first(engine, group);
	engine->launch->open_cgroup_count++;
	group->folder = fd_raise(folder, FD_HIGH);      /* where no child has to copy it */
	group->events = fd_raise(cgroup_open_events(group->folder), FD_HIGH);
	group->service = strdup(service);
	group->path = strdup(path);
	if (group->events < 0 || !group->service || !group->path)
		close_one(engine, group);
	else if (engine->launch->open_cgroup_count > OPEN_MOST)
		close_one(engine, container_of(engine->launch->open_cgroups.previous, struct cgroup_cache_entry, link));
}

/* Whether a process is in the group: 1 or 0; -1: it is not open, or cannot be read any more. */
static int cgroup_cache_ask(struct engine *engine, const char *path)
{
	struct cgroup_cache_entry *group = find_path(engine, path);
	int populated = group ? cgroup_read_events(group->events) : -1;

	if (group && populated < 0)
		close_one(engine, group);
	return populated;
}

void cgroup_cache_close_all(struct engine *engine)
{
	LIST_EACH(link, &engine->launch->open_cgroups)
		close_one(engine, container_of(link, struct cgroup_cache_entry, link));
}

#define KEPT_MOST 1000                  /* groups kept for the next start; the kernel takes some 10 KB for each */

static bool prepare_cgroups(struct engine *engine, const struct service *service, struct buf *why)
{
	const struct cgroup_settings *cgroup_settings = service_prepared(service)->cgroup_settings;
	const char *option = cgroup_settings->count ? cgroup_settings->list[0].option : "control group";
	struct cgroups *cgroups = &engine->launch->cgroups;

	return cgroups_prepare(cgroups, cgroup_settings->place, cgroup_settings->controllers, option, why);
}

bool instance_cgroup_enter(struct instance_cgroup *group, struct engine *engine, const struct service *service,
			   struct spawn_request *launch, struct buf *why)
{
	if (!launch->plan->cgroup_settings)
		return true;
	if (!group->path) {
		if (!prepare_cgroups(engine, service, why))
			return false;
		group->path = cgroups_instance_path(&engine->launch->cgroups, service->name);
		group->files = cgroup_files(service);
	}
	if (!group->path)
		buf_text(why, "out of memory");
	launch->group = group->path;
	return launch->group;
}

bool instance_cgroup_holds(const struct instance_cgroup *group)
{
	return group->path && cgroup_is_populated(group->path);
}

bool instance_cgroup_signal(const struct instance_cgroup *group, int signal)
{
	return group->path && cgroup_signal(group->path, signal);
}

void instance_cgroup_kill(struct instance_cgroup *group)
{
	if (!group->path)
		return;
	cgroup_kill(group->path);
	group->killed = true;
}

/* If the new settings need controllers that superd's groups lack, the instance gets the limits that are possible. */
void instance_cgroup_adopt(struct instance_cgroup *group, struct engine *engine, const struct service *service,
			   pid_t pid)
{
	const struct cgroup_settings *cgroup_settings = service_prepared(service)->cgroup_settings;
	struct event event = { .name = "limits", .service = service->name, .pid = pid };
	struct buf why = { 0 };

	if (!group->path)
		return;
	if (!cgroup_settings || !cgroup_settings->has_group || prepare_cgroups(engine, service, &why))
		cgroup_update(group->path, service, &group->files, &why);
	if (why.length)
		log_event(engine->log, LEVEL_WARNING, &event, "cannot change limits of pid %ld: %.*s", (long)pid,
			  (int)strcspn(buf_string(&why), "\n"), buf_string(&why));
	buf_free(&why);
}

void instance_cgroup_remember(struct engine *engine, char *path)
{
	struct empty_cgroup *empty = cgroup_remove(path) ? NULL : malloc(sizeof(*empty));

	if (empty) {
		empty->path = path;
		list_add(&engine->launch->empty_cgroups, &empty->link);
	} else {
		free(path);             /* out of memory: it goes with its folder */
	}
}

/* By the cache if the group is open there, without its path. */
bool instance_cgroup_is_empty(const struct instance_cgroup *group, struct engine *engine)
{
	int populated = group->kept ? cgroup_cache_ask(engine, group->path) : -1;

	return group->path && !(populated < 0 ? instance_cgroup_holds(group) : populated);
}

/* Whether the next start may use the group. Not if a reload gave it limits, which that start would inherit; nor if it
 * was killed; nor if a process is left in it, which a stop of the next instance would end, too. */
static bool may_keep(const struct instance_cgroup *group, struct engine *engine)
{
	return !group->files && !group->killed && instance_cgroup_is_empty(group, engine) &&
	       engine->launch->cgroups.kept <= KEPT_MOST;
}

void instance_cgroup_leave(struct instance_cgroup *group, struct engine *engine, int status, bool kills)
{
	if (!group->path)
		return;
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
		group->killed = true;   /* maybe by cgroup.kill: superd cannot tell */
	if (kills && instance_cgroup_holds(group))
		instance_cgroup_kill(group);
	if (group->kept && !may_keep(group, engine)) {
		cgroup_cache_close(engine, group->path);
		engine->launch->cgroups.kept--;
		group->kept = false;
	}
	if (group->kept)
		free(group->path);
	else
		instance_cgroup_remember(engine, group->path);
	group->path = NULL;
}

void instance_cgroup_forget(struct engine *engine, const struct service *service)
{
	struct cgroups *cgroups = &engine->launch->cgroups;
	char *path = cgroups->base ? cgroups_service_path(cgroups, service->name) : NULL;

	if (path)
		cgroup_cache_close(engine, path);
	if (!path || access(path, F_OK) < 0) {
		free(path);
		return;
	}
	cgroups->kept--;
	instance_cgroup_remember(engine, path);
}

bool instance_cgroup_is_left(const struct engine *engine, const char *path)
{
	LIST_EACH(link, &engine->launch->empty_cgroups) {
		if (!strcmp(container_of(link, struct empty_cgroup, link)->path, path))
			return true;
	}
	return false;
}

bool instance_cgroups_are_left(const struct engine *engine)
{
	return !list_empty(&engine->launch->empty_cgroups);
}

static void sweep_groups(struct engine *engine, bool forgets)
{
	LIST_EACH(link, &engine->launch->empty_cgroups) {
		struct empty_cgroup *group = container_of(link, struct empty_cgroup, link);

		if (!cgroup_remove(group->path) && !forgets)
			continue;
		list_remove(&group->link);
		free(group->path);
		free(group);
	}
}

void instance_cgroups_sweep(struct engine *engine)
{
	sweep_groups(engine, false);
}

void instance_cgroups_end(struct engine *engine)
{
	cgroup_cache_close_all(engine);
	sweep_groups(engine, true);
	cgroups_end(&engine->launch->cgroups);
}
