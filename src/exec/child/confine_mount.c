/* The child's mounts: from the machine's tree of files to the one that the service sees.
 *
 * A path in the list may mean a place, or what lay there before anything was mounted. So every tree that stays as it
 * was, or comes from elsewhere, is first taken with open_tree(2), before anything is covered or closed. Then the places
 * are visited from the top down, and each tree is attached where it belongs. Each tree gets its own access right after
 * its place was made, so nothing has to be undone. */
#include "exec/child/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "exec/child/child.h"
#include "exec/child/confine_parts.h"
#include "exec/child/confine_tree.h"

/* The trees of one start, by the numbers of the mounts. */
struct trees {
	int of[CONFINE_MOUNTS_MOST];
	int open_paths[OPEN_PATHS_MOST];
	int notify;
	int null;                       /* what a file is covered with */
	struct device_trees devices;
};

static bool is_missing(int error)
{
	return error == ENOENT || error == ENOTDIR;
}

/* Takes the tree from outside that covers this place. */
static int take_source(struct job *job, const struct confine_mount *mount, struct trees *trees)
{
	switch ((enum content)mount->content) {
	case CONTENT_SYS:
		return tree_take("/sys", true);
	case CONTENT_BIND:
		return mount->foreign ? tree_take_foreign(mount->source, mount->recursive)
				      : tree_take(mount->source, mount->recursive);
	case CONTENT_PRIVATE_TMP:
		return tree_take_private(mount->source, job->private_id);
	case CONTENT_DEVICES:
		return devices_take(&trees->devices);
	default:
		return -1;
	}
}

static bool has_source(const struct confine_mount *mount)
{
	return mount->content == CONTENT_BIND || mount->content == CONTENT_PRIVATE_TMP ||
	       mount->content == CONTENT_SYS || mount->content == CONTENT_DEVICES;
}

/* Takes the folders that superd provides: the service's directories, and its notify socket. */
static int take_open_paths(const struct job *job, struct trees *trees)
{
	for (size_t n = 0; n < OPEN_PATHS_MOST; n++) {
		const char *path = job->plan->open_paths ? job->plan->open_paths[n] : NULL;

		trees->open_paths[n] = path ? tree_take(path, true) : -1;
		if (!path)
			break;
		if (trees->open_paths[n] < 0 && !is_missing(errno))
			return -1;
	}
	trees->notify = job->notify ? tree_take(job->notify, false) : -1;
	return 0;
}

static int take_sources(struct job *job, const struct confinement *confinement, struct trees *trees)
{
	trees->null = open("/dev/null", O_PATH | O_CLOEXEC);
	if (trees->null < 0)
		return -1;
	for (size_t n = 0; n < confinement->mount_count; n++) {
		const struct confine_mount *mount = &confinement->mounts[n];

		job->fault.resource = (int)n;
		trees->of[n] = -1;
		if (!has_source(mount))
			continue;
		trees->of[n] = take_source(job, mount, trees);
		if (trees->of[n] < 0 && !(mount->optional && is_missing(errno)))
			return -1;
	}
	return take_open_paths(job, trees);
}

/* Whether the content is a new file system. Its mount point is made first; if that fails, the mount fails. */
static bool is_made(const struct confine_mount *mount)
{
	return mount->content == CONTENT_TEMPORARY || mount->content == CONTENT_PROC ||
	       mount->content == CONTENT_SYS || mount->content == CONTENT_DEVICES;
}

/* Within the new root, before anything changes there: what stays as it was, and places for what comes. */
static int take_places(struct job *job, const struct confinement *confinement, struct trees *trees)
{
	for (size_t n = 0; n < confinement->mount_count; n++) {
		const struct confine_mount *mount = &confinement->mounts[n];

		job->fault.resource = (int)n;
		if (mount->fresh)
			continue;
		if (mount->content == CONTENT_AS_BEFORE && mount->before) {
			trees->of[n] = tree_take(mount->path, true);
			if (trees->of[n] < 0 && !(mount->optional && is_missing(errno)))
				return -1;
		}
		if (trees->of[n] >= 0 && mount->content != CONTENT_AS_BEFORE)
			tree_make_place(mount->path, trees->of[n]);
		if (is_made(mount))
			tree_make_folders(mount->path);
	}
	return 0;
}

static int cover(const struct confine_mount *mount, const struct trees *trees)
{
	struct stat status;

	if (stat(mount->path, &status) < 0)
		return -1;
	if (S_ISDIR(status.st_mode))
		return mount_new("tmpfs", mount->path, MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC,
				 "mode=000,size=4k,nr_inodes=2");
	return tree_cover_file(trees->null, mount->path);
}

/* A new one is as closed as the machine's. EBUSY: the one that is there is that of this network. EPERM: who may make
 * networks, but not this, has the machine's, as systemd does it. */
static int put_sys(int machines, const char *path)
{
	struct statfs status;

	if (mount_new("sysfs", path, MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) < 0)
		return errno == EPERM ? tree_put(machines, path) : errno == EBUSY ? 0 : -1;
	if (fstatfs(machines, &status) < 0)
		return -1;
	return (unsigned long)status.f_flags & MS_RDONLY ? tree_change_at(path, TREE_READ_ONLY) : 0;
}

/* A place of what was put there a moment ago: it has the access of that, unless it says otherwise. */
static int change_fresh(const struct confine_mount *mount)
{
	int tree = tree_take(mount->path, true);

	if (tree < 0 || tree_change(tree, mount->attributes, mount->before ? mount->restored : 0) < 0)
		return -1;
	return tree_put(tree, mount->path);
}

static int place(const struct confine_mount *mount, int tree, struct trees *trees)
{
	if (mount->fresh && is_made(mount))
		tree_make_folders(mount->path);
	switch ((enum content)mount->content) {
	case CONTENT_INACCESSIBLE:
		return cover(mount, trees);
	case CONTENT_TEMPORARY:
		if (mount_new("tmpfs", mount->path, mount->flags, mount->data) < 0)
			return -1;
		return strcmp(mount->path, "/") ? 0 : tree_climb();
	case CONTENT_PROC:
		return mount_new("proc", mount->path, MS_NOSUID | MS_NODEV | MS_NOEXEC, mount->data);
	case CONTENT_SYS:
		return put_sys(tree, mount->path);
	case CONTENT_QUEUES:
		return mount_new("mqueue", mount->path, MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL);
	case CONTENT_DEVICES:
		return devices_put(&trees->devices, mount->closes_kept ? TREE_READ_ONLY : 0);
	case CONTENT_BIND:
	case CONTENT_PRIVATE_TMP:
	case CONTENT_AS_BEFORE:
		break;
	}
	if (tree < 0)
		return mount->fresh ? change_fresh(mount) : tree_change_at(mount->path, mount->attributes);
	if (mount->fresh)
		tree_make_place(mount->path, tree);
	if (tree_change(tree, mount->attributes, 0) < 0)
		return -1;
	return mount->content == CONTENT_BIND ? tree_put_there(tree, mount->path) : tree_put(tree, mount->path);
}

/* Whether the mount was left out when its tree was taken. */
static bool was_left_out(const struct confine_mount *mount, int tree)
{
	return tree < 0 && (mount->content == CONTENT_BIND || mount->content == CONTENT_PRIVATE_TMP ||
			    (mount->content == CONTENT_AS_BEFORE && mount->before && !mount->fresh));
}

static int place_all(struct job *job, const struct confinement *confinement, struct trees *trees)
{
	for (size_t n = 0; n < confinement->mount_count; n++) {
		const struct confine_mount *mount = &confinement->mounts[n];

		job->fault.resource = (int)n;
		if (was_left_out(mount, trees->of[n]))
			continue;
		if (place(mount, trees->of[n], trees) < 0 && !(mount->optional && is_missing(errno)))
			return -1;
		if (mount->content != CONTENT_AS_BEFORE && mount->content != CONTENT_BIND && mount->attributes &&
		    mount->content != CONTENT_PRIVATE_TMP && tree_change_at(mount->path, mount->attributes) < 0 &&
		    !is_missing(errno))
			return -1;
	}
	return 0;
}

static int put_open_path(int tree, const char *path)
{
	if (tree < 0)
		return 0;
	tree_make_place(path, tree);
	return tree_put(tree, path);
}

static int put_open_paths(struct job *job, const struct trees *trees)
{
	job->fault.resource = -1;
	for (size_t n = 0; n < OPEN_PATHS_MOST && job->plan->open_paths && job->plan->open_paths[n]; n++) {
		if (put_open_path(trees->open_paths[n], job->plan->open_paths[n]) < 0)
			return -1;
	}
	return put_open_path(trees->notify, job->notify);
}

/* Makes mounts read-only at last, as other places within had to be made first. */
static int close_tops(const struct confinement *confinement)
{
	for (size_t n = 0; n < confinement->mount_count; n++) {
		const struct confine_mount *mount = &confinement->mounts[n];

		if (mount->closes && tree_close_top(mount->path) < 0)
			return -1;
	}
	return 0;
}

static int enter_root(struct job *job, const struct confinement *confinement)
{
	if (!confinement->root)
		return 0;
	job->fault.resource = CONFINE_ROOT;
	if (tree_enter(confinement->root) < 0)
		return -1;
	job->fault.resource = -1;
	return 0;
}

int confine_mounts(struct job *job)
{
	const struct confinement *confinement = confinement_of(job);
	mode_t before;
	struct trees trees;
	int result = -1;

	if (!confinement || !confinement->has_mounts)
		return 0;
	before = umask(0);
	job->fault.resource = -1;
	if (mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) == 0 && take_sources(job, confinement, &trees) == 0 &&
	    enter_root(job, confinement) == 0 &&
	    take_places(job, confinement, &trees) == 0 && place_all(job, confinement, &trees) == 0 &&
	    put_open_paths(job, &trees) == 0 &&
	    close_tops(confinement) == 0 && mount(NULL, "/", NULL, MS_REC | confinement->propagation, NULL) == 0)
		result = chdir("/");
	umask(before);
	return result;
}
