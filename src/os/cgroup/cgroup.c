/* Creates and removes the control groups below superd's own. Source: the kernel's cgroup-v2.rst.
 *
 * Only a group without processes of its own may pass controllers on, unless it is the root of the hierarchy. So superd
 * first moves all processes of its group into a new group below it. */
#include "os/cgroup/cgroup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/fd.h"
#include "os/cgroup/cgroup_parent.h"
#include "os/proc/clone_into_cgroup.h"

#define NAME_MOST 180 /* of the group of a service, without what shows its kind */
#define MOVES_MOST 16 /* rounds, if processes fork while they are moved */

/* Appends the group's name, with what a folder's name may not contain escaped. Different services have different names,
 * no name is hidden, and none is that of an instance's group, which ends in a number. false: it is too long. */
static bool add_group_name(struct buf *path, const char *service)
{
	size_t before = path->length;

	for (const char *at = service; *at; at++) {
		unsigned char byte = (unsigned char)*at;

		if (byte <= ' ' || byte == '/' || byte == '\\' || byte == 0x7f || (byte == '.' && at == service))
			buf_addf(path, "\\x%02x", byte);
		else
			buf_char(path, *at);
		if (path->length - before > NAME_MOST)
			return false;
	}
	buf_text(path, ".service");
	return true;
}

char *cgroups_service_path(const struct cgroups *cgroups, const char *service)
{
	struct buf path = { 0 };

	buf_addf(&path, "%s/", cgroups->base);
	if (add_group_name(&path, service))
		return buf_take(&path);
	buf_free(&path);
	return NULL;
}

/* Whether a process can be started in a new group. */
static bool cgroups_test_start(const struct cgroups *cgroups)
{
	char path[PATH_MAX];
	bool lives, fresh;
	int group;

	if (snprintf(path, sizeof(path), "%s/trial", cgroups->base) >= (int)sizeof(path))
		return false;
	group = cgroup_service_open(path, &fresh);
	lives = group >= 0 && clone_into_cgroup_survives(group);
	fd_close(&group);
	cgroup_remove(path);
	return lives;
}

/* A round of moves: the target group, the processes seen, the first errno. */
struct moving {
	const char *to;
	size_t count;
	int error;
};

static bool move_process(void *context, long pid)
{
	struct moving *moving = context;
	char text[32];

	moving->count++;
	snprintf(text, sizeof(text), "%ld", pid);
	if (!cgroup_write(moving->to, "cgroup.procs", text) && errno != ESRCH)
		moving->error = errno;
	return !moving->error;
}

/* Repeats until the group is empty: a process that forks in between leaves its child behind. */
static bool move_processes(const char *from, const char *to)
{
	for (int n = 0; n < MOVES_MOST; n++) {
		struct moving moving = { .to = to };

		if (!cgroup_each_process(from, move_process, &moving))
			return false;
		errno = moving.error;
		if (moving.error || !moving.count)
			return !moving.error;
	}
	errno = EBUSY;
	return false;
}

static bool move_superd(struct cgroups *cgroups)
{
	char leaf[PATH_MAX];

	snprintf(leaf, sizeof(leaf), "%s/" CGROUP_LEAF, cgroups->base);
	if (mkdir(leaf, 0755) < 0 && errno != EEXIST)
		return false;
	if (!move_processes(cgroups->own, leaf))
		return false;
	cgroups->moved = true;
	return true;
}

static bool write_subtree_control(const char *path, unsigned controllers, char sign)
{
	char text[16];

	for (unsigned n = 0; n < CONTROLLERS; n++) {
		snprintf(text, sizeof(text), "%c%s", sign, controller_names[n]);
		if (controllers >> n & 1 && !cgroup_write(path, "cgroup.subtree_control", text))
			return false;
	}
	return true;
}

static bool enable_controllers(struct cgroups *cgroups, bool is_root, unsigned controllers)
{
	unsigned before = cgroup_read_controllers(cgroups->own, "cgroup.subtree_control");

	if (!is_root && !cgroups->moved && !move_superd(cgroups))
		return false;
	if (!write_subtree_control(cgroups->own, controllers & ~before, '+'))
		return false;
	cgroups->passed |= controllers & ~before;
	if (!write_subtree_control(cgroups->base, controllers, '+'))
		return false;
	cgroups->enabled |= controllers;
	return true;
}

static bool claim_base(struct cgroups *cgroups, const char *own)
{
	cgroups->own = strdup(own);
	cgroups->base = cgroup_parent_claim(own);
	if (cgroups->own && cgroups->base)
		return true;
	free(cgroups->own);
	free(cgroups->base);
	cgroups->own = cgroups->base = NULL;
	return false;
}

bool cgroups_probe(struct cgroups *cgroups)
{
	const struct cgroup_delegation *place;
	struct pool *pool;

	if (cgroups->probed)
		return cgroups->keeps;
	cgroups->probed = true;
	if (!clone_into_cgroup_is_possible())
		return false;
	if (!cgroups->base) {
		pool = pool_new();
		place = pool ? cgroup_delegation_find(pool) : NULL;
		if (place && place->path)
			claim_base(cgroups, place->path);
		pool_free(pool);
	}
	cgroups->keeps = cgroups->base && cgroups_test_start(cgroups);
	return cgroups->keeps;
}

bool cgroups_prepare(struct cgroups *cgroups, const struct cgroup_delegation *place, unsigned controllers,
		     const char *option, struct buf *why)
{
	unsigned missing;

	if (!cgroups->base && !claim_base(cgroups, place->path)) {
		buf_addf(why, "%s: making a control group in %s: %s", option, place->path, strerror(errno));
		return false;
	}
	missing = controllers & ~cgroups->enabled;
	if (!missing || enable_controllers(cgroups, place->is_root, missing))
		return true;
	buf_addf(why, "%s: passing controllers on to %s: %s", option, cgroups->base, strerror(errno));
	return false;
}

char *cgroups_instance_path(struct cgroups *cgroups, const char *service)
{
	struct buf path = { 0 };

	buf_addf(&path, "%s/", cgroups->base);
	for (size_t n = 0; n < CGROUP_NAME_MOST / 2 && service[n]; n++)
		buf_char(&path, service[n] == '/' || (unsigned char)service[n] < ' ' ? '_' : service[n]);
	buf_char(&path, '-');
	buf_addf(&path, "%llu", (unsigned long long)++cgroups->made);
	return buf_take(&path);
}

/* Removes the groups of instances. Returns whether any is left because its instance still runs. */
static bool remove_empty_groups(const struct cgroups *cgroups)
{
	DIR *stream = opendir(cgroups->base);
	struct dirent *entry;
	char path[PATH_MAX];
	bool any = false;

	while (stream && (entry = readdir(stream))) {
		if (entry->d_name[0] == '.' || entry->d_type != DT_DIR || !strcmp(entry->d_name, CGROUP_LEAF) ||
		    snprintf(path, sizeof(path), "%s/%s", cgroups->base, entry->d_name) >= (int)sizeof(path))
			continue;
		any |= !cgroup_remove(path);
	}
	if (stream)
		closedir(stream);
	return any;
}

/* superd moves back to its own group once that enables no controllers any more. Instances that still run keep their
 * limits. */
void cgroups_end(struct cgroups *cgroups)
{
	char leaf[PATH_MAX];

	if (!cgroups->base)
		return;
	snprintf(leaf, sizeof(leaf), "%s/" CGROUP_LEAF, cgroups->base);
	if (!remove_empty_groups(cgroups) && write_subtree_control(cgroups->base, cgroups->enabled, '-') &&
	    write_subtree_control(cgroups->own, cgroups->passed, '-')) {
		if (cgroups->moved)
			move_processes(leaf, cgroups->own);
		cgroup_remove(cgroups->base);
	}
	cgroup_parent_forget_left(&cgroups->left);
	free(cgroups->own);
	free(cgroups->base);
	*cgroups = (struct cgroups){ 0 };
}
