/* The child's mounts: from the machine's tree of files to the one that the service sees.
 *
 * A path in the list may mean a place, or what lay there before anything was mounted. So every tree that stays as it
 * was, or comes from elsewhere, is first taken with open_tree(2), before anything is covered or closed. Then the places
 * are visited from the top down, and each tree is attached where it belongs. Each tree gets its own access right after
 * its place was made, so nothing has to be undone. */
#include "exec/child/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "exec/child/child.h"
#include "exec/child/mount_tree.h"
#include "exec/child/sandbox_internal.h"

/* The trees of one start, by the numbers of the mounts. */
struct trees {
	int of[SANDBOX_MOUNTS_MOST];
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
static int take_source(struct job *job, const struct sandbox_mount *mount, struct trees *trees)
{
	switch ((enum mount_content)mount->content) {
	case CONTENT_SYS:
		return mount_tree_open("/sys", true);
	case CONTENT_BIND:
		return mount->foreign ? mount_tree_open_foreign(mount->source, mount->recursive)
				      : mount_tree_open(mount->source, mount->recursive);
	case CONTENT_PRIVATE_TMP:
		return mount_tree_open_private_tmp(mount->source, job->private_id);
	case CONTENT_DEVICES:
		return devices_take(&trees->devices);
	default:
		return -1;
	}
}

static bool has_source(const struct sandbox_mount *mount)
{
	return mount->content == CONTENT_BIND || mount->content == CONTENT_PRIVATE_TMP ||
	       mount->content == CONTENT_SYS || mount->content == CONTENT_DEVICES;
}

/* Takes the folders that superd provides: the service's directories, and its notify socket. */
static int take_open_paths(const struct job *job, struct trees *trees)
{
	for (size_t n = 0; n < OPEN_PATHS_MOST; n++) {
		const char *path = job->plan->open_paths ? job->plan->open_paths[n] : NULL;

		trees->open_paths[n] = path ? mount_tree_open(path, true) : -1;
		if (!path)
			break;
		if (trees->open_paths[n] < 0 && !is_missing(errno))
			return -1;
	}
	trees->notify = job->notify ? mount_tree_open(job->notify, false) : -1;
	return 0;
}

static int take_sources(struct job *job, const struct sandbox_config *sandbox, struct trees *trees)
{
	trees->null = open("/dev/null", O_PATH | O_CLOEXEC);
	if (trees->null < 0)
		return -1;
	for (size_t n = 0; n < sandbox->mount_count; n++) {
		const struct sandbox_mount *mount = &sandbox->mounts[n];

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
static bool is_made(const struct sandbox_mount *mount)
{
	return mount->content == CONTENT_TEMPORARY || mount->content == CONTENT_PROC ||
	       mount->content == CONTENT_SYS || mount->content == CONTENT_DEVICES;
}

/* Within the new root, before anything changes there: what stays as it was, and places for what comes. */
static int take_places(struct job *job, const struct sandbox_config *sandbox, struct trees *trees)
{
	for (size_t n = 0; n < sandbox->mount_count; n++) {
		const struct sandbox_mount *mount = &sandbox->mounts[n];

		job->fault.resource = (int)n;
		if (mount->fresh)
			continue;
		if (mount->content == CONTENT_AS_BEFORE && mount->before) {
			trees->of[n] = mount_tree_open(mount->path, true);
			if (trees->of[n] < 0 && !(mount->optional && is_missing(errno)))
				return -1;
		}
		if (trees->of[n] >= 0 && mount->content != CONTENT_AS_BEFORE)
			mount_tree_make_place(mount->path, trees->of[n]);
		if (is_made(mount))
			mount_tree_make_folders(mount->path);
	}
	return 0;
}

static int cover(const struct sandbox_mount *mount, const struct trees *trees)
{
	struct stat status;

	if (stat(mount->path, &status) < 0)
		return -1;
	if (S_ISDIR(status.st_mode))
		return mount_new("tmpfs", mount->path, MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC,
				 "mode=000,size=4k,nr_inodes=2");
	return mount_tree_cover_file(trees->null, mount->path);
}

/* A new one is as closed as the machine's. EBUSY: the one that is there is that of this network. EPERM: who may make
 * networks, but not this, has the machine's, as systemd does it. */
static int put_sys(int machines, const char *path)
{
	struct statfs status;

	if (mount_new("sysfs", path, MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) < 0)
		return errno == EPERM ? mount_tree_attach(machines, path) : errno == EBUSY ? 0 : -1;
	if (fstatfs(machines, &status) < 0)
		return -1;
	return (unsigned long)status.f_flags & MS_RDONLY ? mount_tree_set_attr_at(path, MOUNT_TREE_READ_ONLY) : 0;
}

/* A place of what was put there a moment ago: it has the access of that, unless it says otherwise. */
static int change_fresh(const struct sandbox_mount *mount)
{
	int tree = mount_tree_open(mount->path, true);

	if (tree < 0 || mount_tree_set_attr(tree, mount->attributes, mount->before ? mount->restored : 0) < 0)
		return -1;
	return mount_tree_attach(tree, mount->path);
}

static int place(const struct sandbox_mount *mount, int tree, struct trees *trees)
{
	if (mount->fresh && is_made(mount))
		mount_tree_make_folders(mount->path);
	switch ((enum mount_content)mount->content) {
	case CONTENT_INACCESSIBLE:
		return cover(mount, trees);
	case CONTENT_TEMPORARY:
		if (mount_new("tmpfs", mount->path, mount->flags, mount->data) < 0)
			return -1;
		return strcmp(mount->path, "/") ? 0 : mount_tree_pivot();
	case CONTENT_PROC:
		return mount_new("proc", mount->path, MS_NOSUID | MS_NODEV | MS_NOEXEC, mount->data);
	case CONTENT_SYS:
		return put_sys(tree, mount->path);
	case CONTENT_QUEUES:
		return mount_new("mqueue", mount->path, MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL);
	case CONTENT_DEVICES:
		return devices_put(&trees->devices, mount->closes_kept ? MOUNT_TREE_READ_ONLY : 0);
	case CONTENT_BIND:
	case CONTENT_PRIVATE_TMP:
	case CONTENT_AS_BEFORE:
		break;
	}
	if (tree < 0)
		return mount->fresh ? change_fresh(mount) : mount_tree_set_attr_at(mount->path, mount->attributes);
	if (mount->fresh)
		mount_tree_make_place(mount->path, tree);
	if (mount_tree_set_attr(tree, mount->attributes, 0) < 0)
		return -1;
	return mount->content == CONTENT_BIND ? mount_tree_attach_beneath_user(tree, mount->path)
					      : mount_tree_attach(tree, mount->path);
}

/* Whether the mount was left out when its tree was taken. */
static bool was_left_out(const struct sandbox_mount *mount, int tree)
{
	return tree < 0 && (mount->content == CONTENT_BIND || mount->content == CONTENT_PRIVATE_TMP ||
			    (mount->content == CONTENT_AS_BEFORE && mount->before && !mount->fresh));
}

static int place_all(struct job *job, const struct sandbox_config *sandbox, struct trees *trees)
{
	for (size_t n = 0; n < sandbox->mount_count; n++) {
		const struct sandbox_mount *mount = &sandbox->mounts[n];

		job->fault.resource = (int)n;
		if (was_left_out(mount, trees->of[n]))
			continue;
		if (place(mount, trees->of[n], trees) < 0 && !(mount->optional && is_missing(errno)))
			return -1;
		if (mount->content != CONTENT_AS_BEFORE && mount->content != CONTENT_BIND && mount->attributes &&
		    mount->content != CONTENT_PRIVATE_TMP &&
		    mount_tree_set_attr_at(mount->path, mount->attributes) < 0 && !is_missing(errno))
			return -1;
	}
	return 0;
}

static int put_open_path(int tree, const char *path)
{
	if (tree < 0)
		return 0;
	mount_tree_make_place(path, tree);
	return mount_tree_attach(tree, path);
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
static int close_tops(const struct sandbox_config *sandbox)
{
	for (size_t n = 0; n < sandbox->mount_count; n++) {
		const struct sandbox_mount *mount = &sandbox->mounts[n];

		if (mount->closes && mount_tree_remount_read_only(mount->path) < 0)
			return -1;
	}
	return 0;
}

static int enter_root(struct job *job, const struct sandbox_config *sandbox)
{
	if (!sandbox->root)
		return 0;
	job->fault.resource = SANDBOX_ROOT;
	if (mount_tree_chroot(sandbox->root) < 0)
		return -1;
	job->fault.resource = -1;
	return 0;
}

int sandbox_mounts(struct job *job)
{
	const struct sandbox_config *sandbox = sandbox_of(job);
	mode_t before;
	struct trees trees;
	int result = -1;

	if (!sandbox || !sandbox->has_mounts)
		return 0;
	before = umask(0);
	job->fault.resource = -1;
	if (mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) == 0 && take_sources(job, sandbox, &trees) == 0 &&
	    enter_root(job, sandbox) == 0 &&
	    take_places(job, sandbox, &trees) == 0 && place_all(job, sandbox, &trees) == 0 &&
	    put_open_paths(job, &trees) == 0 &&
	    close_tops(sandbox) == 0 && mount(NULL, "/", NULL, MS_REC | sandbox->propagation, NULL) == 0)
		result = chdir("/");
	umask(before);
	return result;
}
