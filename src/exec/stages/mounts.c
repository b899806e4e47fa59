/* A sandbox's mounts: from the machine's tree of files to the one that the service sees.
 *
 * A path in the list may mean a mount point, or what was there before anything was mounted. So every tree that stays as
 * it was, or comes from elsewhere, is first cloned with open_tree(2), before anything is covered or made read-only.
 * Then the mount points are visited from the top down, and each tree is attached where it belongs. Each tree gets its
 * attributes right after its mount point exists, so nothing has to be undone. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "exec/child/sandbox.h"
#include "exec/stages/mount_tree.h"
#include "exec/stages/stages.h"

/* private_devices: a tmpfs on /dev with the few harmless device nodes.
 *
 * mknod(2) needs CAP_MKNOD, which containers lack. So the nodes are bind-mounted from the machine's /dev, and opened
 * while that is still visible. A node that is missing there is missing here too. */
#define DEVICES 12

struct device_trees {
	int of[DEVICES];                /* trees of the devices; -1: it is missing */
};

static const struct { const char *path; bool recursive; } kept_devices[DEVICES] = {
	{ "/dev/null", false }, { "/dev/zero", false }, { "/dev/full", false }, { "/dev/random", false },
	{ "/dev/urandom", false }, { "/dev/tty", false }, { "/dev/pts", true }, { "/dev/shm", true },
	{ "/dev/mqueue", true }, { "/dev/hugepages", true }, { "/dev/ptmx", false }, { "/dev/log", false },
};

static const struct { const char *path, *target; } links[] = {
	{ "/dev/fd", "/proc/self/fd" }, { "/dev/stdin", "/proc/self/fd/0" }, { "/dev/stdout", "/proc/self/fd/1" },
	{ "/dev/stderr", "/proc/self/fd/2" },
};

/* Opens the trees; a missing device is no error. */
static int devices_take(const struct account *user, struct device_trees *devices)
{
	for (size_t n = 0; n < DEVICES; n++) {
		devices->of[n] = mount_tree_open(user, kept_devices[n].path, kept_devices[n].recursive);
		if (devices->of[n] < 0 && errno != ENOENT && errno != ENXIO)
			return -1;
	}
	return 0;
}

/* Mounts the new /dev; set: MOUNT_TREE_x for the kept ones. */
static int devices_put(const struct account *user, const struct device_trees *devices, unsigned set)
{
	if (mount_new(user, "tmpfs", "/dev", MS_NOSUID | MS_NOEXEC | MS_STRICTATIME,
		      "mode=755,size=4m,nr_inodes=64k") < 0)
		return -1;
	for (size_t n = 0; n < DEVICES; n++) {
		if (devices->of[n] < 0)
			continue;
		mount_tree_make_place(user, kept_devices[n].path, devices->of[n]);
		if (mount_tree_set_attr(devices->of[n], set, 0) < 0 ||
		    mount_tree_attach(user, devices->of[n], kept_devices[n].path) < 0)
			return -1;
	}
	for (size_t n = 0; n < sizeof(links) / sizeof(links[0]); n++) {
		if (symlink(links[n].target, links[n].path) < 0)
			return -1;
	}
	return 0;
}

/* The trees of one start, by the numbers of the mounts; -1: none. */
struct trees {
	int of[SANDBOX_MOUNTS_MOST];
	int open_paths[OPEN_PATHS_MOST];
	int notify;
	int null;                       /* /dev/null, which covers files */
	struct device_trees devices;
};

static bool means_missing(int error)
{
	return error == ENOENT || error == ENOTDIR;
}

/* Clones the tree from outside that will cover this path. */
static int clone_source(struct job *job, const struct sandbox_mount *mount, struct trees *trees)
{
	const struct account *user = job->plan->account;

	switch ((enum mount_content)mount->content) {
	case CONTENT_SYS:
		return mount_tree_open(user, "/sys", true);
	case CONTENT_BIND:
		return mount_tree_open(user, mount->source, mount->recursive);
	case CONTENT_PRIVATE_TMP:
		return mount_tree_open_private_tmp(user, mount->source, job->private_id);
	case CONTENT_DEVICES:
		return devices_take(user, &trees->devices);
	default:
		return -1;
	}
}

/* Clones the folders that superd provides: the service's directories, and its notify socket. */
static int clone_open_paths(const struct job *job, struct trees *trees)
{
	const struct account *user = job->plan->account;

	for (size_t n = 0; n < OPEN_PATHS_MOST; n++) {
		const char *path = job->plan->open_paths ? job->plan->open_paths[n] : NULL;

		trees->open_paths[n] = path ? mount_tree_open(user, path, true) : -1;
		if (!path)
			break;
		if (trees->open_paths[n] < 0 && !means_missing(errno))
			return -1;
	}
	trees->notify = job->notify ? mount_tree_open(user, job->notify, false) : -1;
	return 0;
}

static int clone_sources(struct job *job, const struct sandbox_config *sandbox, struct trees *trees)
{
	trees->null = open("/dev/null", O_PATH | O_CLOEXEC);
	if (trees->null < 0)
		return -1;
	for (size_t n = 0; n < sandbox->mount_count; n++) {
		const struct sandbox_mount *mount = &sandbox->mounts[n];

		job->fault.resource = (int)n;
		trees->of[n] = -1;
		if (mount->content != CONTENT_BIND && mount->content != CONTENT_PRIVATE_TMP &&
		    mount->content != CONTENT_SYS && mount->content != CONTENT_DEVICES)
			continue;
		trees->of[n] = clone_source(job, mount, trees);
		if (trees->of[n] < 0 && !(mount->optional && means_missing(errno)))
			return -1;
	}
	return clone_open_paths(job, trees);
}

/* Whether the content is a new file system. Its mount point is created first; if that fails, so will the mount. */
static bool is_new_file_system(const struct sandbox_mount *mount)
{
	return mount->content == CONTENT_TEMPORARY || mount->content == CONTENT_PROC ||
	       mount->content == CONTENT_SYS || mount->content == CONTENT_DEVICES;
}

/* In the new root, before anything changes there: clones trees that stay as they were, and creates mount points. */
static int clone_present_trees(struct job *job, const struct sandbox_config *sandbox, struct trees *trees)
{
	const struct account *user = job->plan->account;

	for (size_t n = 0; n < sandbox->mount_count; n++) {
		const struct sandbox_mount *mount = &sandbox->mounts[n];

		job->fault.resource = (int)n;
		if (mount->in_new_content)
			continue;
		if (mount->content == CONTENT_AS_BEFORE && mount->before) {
			trees->of[n] = mount_tree_open(user, mount->path, true);
			if (trees->of[n] < 0 && !(mount->optional && means_missing(errno)))
				return -1;
		}
		if (trees->of[n] >= 0 && mount->content != CONTENT_AS_BEFORE)
			mount_tree_make_place(user, mount->path, trees->of[n]);
		if (is_new_file_system(mount))
			mount_tree_make_folders(user, mount->path);
	}
	return 0;
}

/* Mounts a new sysfs, read-only if the machine's is. EBUSY: the present one is that of this network namespace. EPERM:
 * superd may create network namespaces but not mount sysfs; then the machine's is used, as in systemd. */
static int mount_sys(const struct account *user, int machines, const char *path)
{
	struct statfs status;

	if (mount_new(user, "sysfs", path, MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) < 0)
		return errno == EPERM ? mount_tree_attach(user, machines, path) : errno == EBUSY ? 0 : -1;
	if (fstatfs(machines, &status) < 0)
		return -1;
	return (unsigned long)status.f_flags & MS_RDONLY ? mount_tree_set_attr_at(user, path, MOUNT_TREE_READ_ONLY) : 0;
}

/* Sets the attributes of a path in content that was just mounted: that content's, unless the mount says otherwise. */
static int set_new_path_attributes(const struct account *user, const struct sandbox_mount *mount)
{
	int tree = mount_tree_open(user, mount->path, true);

	if (tree < 0 || mount_tree_set_attr(tree, mount->attributes, mount->before ? mount->restored : 0) < 0)
		return -1;
	return mount_tree_attach(user, tree, mount->path);
}

static int apply_mount(const struct account *user, const struct sandbox_mount *mount, int tree, struct trees *trees)
{
	if (mount->in_new_content && is_new_file_system(mount))
		mount_tree_make_folders(user, mount->path);
	switch ((enum mount_content)mount->content) {
	case CONTENT_INACCESSIBLE:
		return mount_tree_cover(user, mount->path, trees->null);
	case CONTENT_TEMPORARY:
		if (mount_new(user, "tmpfs", mount->path, mount->flags, mount->data) < 0)
			return -1;
		return strcmp(mount->path, "/") ? 0 : mount_tree_pivot();
	case CONTENT_PROC:
		return mount_new(user, "proc", mount->path, MS_NOSUID | MS_NODEV | MS_NOEXEC, mount->data);
	case CONTENT_SYS:
		return mount_sys(user, tree, mount->path);
	case CONTENT_QUEUES:
		return mount_new(user, "mqueue", mount->path, MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL);
	case CONTENT_DEVICES:
		return devices_put(user, &trees->devices, mount->closes_kept ? MOUNT_TREE_READ_ONLY : 0);
	case CONTENT_BIND:
	case CONTENT_PRIVATE_TMP:
	case CONTENT_AS_BEFORE:
		break;
	}
	if (tree < 0)
		return mount->in_new_content ? set_new_path_attributes(user, mount)
					     : mount_tree_set_attr_at(user, mount->path, mount->attributes);
	if (mount->in_new_content)
		mount_tree_make_place(user, mount->path, tree);
	if (mount_tree_set_attr(tree, mount->attributes, 0) < 0)
		return -1;
	return mount_tree_attach(user, tree, mount->path);
}

/* Whether the mount was skipped when its tree was cloned. */
static bool was_skipped(const struct sandbox_mount *mount, int tree)
{
	return tree < 0 && (mount->content == CONTENT_BIND || mount->content == CONTENT_PRIVATE_TMP ||
			    (mount->content == CONTENT_AS_BEFORE && mount->before && !mount->in_new_content));
}

static int apply_mounts(struct job *job, const struct sandbox_config *sandbox, struct trees *trees)
{
	const struct account *user = job->plan->account;

	for (size_t n = 0; n < sandbox->mount_count; n++) {
		const struct sandbox_mount *mount = &sandbox->mounts[n];

		job->fault.resource = (int)n;
		if (was_skipped(mount, trees->of[n]))
			continue;
		if (apply_mount(user, mount, trees->of[n], trees) < 0 && !(mount->optional && means_missing(errno)))
			return -1;
		if (mount->content != CONTENT_AS_BEFORE && mount->content != CONTENT_BIND && mount->attributes &&
		    mount->content != CONTENT_PRIVATE_TMP &&
		    mount_tree_set_attr_at(user, mount->path, mount->attributes) < 0 && !means_missing(errno))
			return -1;
	}
	return 0;
}

static int attach_open_path(const struct account *user, int tree, const char *path)
{
	if (tree < 0)
		return 0;
	mount_tree_make_place(user, path, tree);
	return mount_tree_attach(user, tree, path);
}

static int attach_open_paths(struct job *job, const struct trees *trees)
{
	const struct account *user = job->plan->account;

	job->fault.resource = -1;
	for (size_t n = 0; n < OPEN_PATHS_MOST && job->plan->open_paths && job->plan->open_paths[n]; n++) {
		if (attach_open_path(user, trees->open_paths[n], job->plan->open_paths[n]) < 0)
			return -1;
	}
	return attach_open_path(user, trees->notify, job->notify);
}

/* Makes mounts read-only last, as other mount points had to be created in them. */
static int close_mounts(const struct account *user, const struct sandbox_config *sandbox)
{
	for (size_t n = 0; n < sandbox->mount_count; n++) {
		const struct sandbox_mount *mount = &sandbox->mounts[n];

		if (mount->closes && mount_tree_remount_read_only(user, mount->path) < 0)
			return -1;
	}
	return 0;
}

static int enter_root_directory(struct job *job, const struct sandbox_config *sandbox)
{
	if (!sandbox->root)
		return 0;
	job->fault.resource = SANDBOX_ROOT;
	if (mount_tree_chroot(job->plan->account, sandbox->root) < 0)
		return -1;
	job->fault.resource = -1;
	return 0;
}

int sandbox_mounts(struct job *job)
{
	const struct sandbox_config *sandbox = child_sandbox(job);
	mode_t before = umask(0);
	struct trees trees;
	int result = -1;

	job->fault.resource = -1;
	if (mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) == 0 && clone_sources(job, sandbox, &trees) == 0 &&
	    enter_root_directory(job, sandbox) == 0 &&
	    clone_present_trees(job, sandbox, &trees) == 0 && apply_mounts(job, sandbox, &trees) == 0 &&
	    attach_open_paths(job, &trees) == 0 &&
	    close_mounts(job->plan->account, sandbox) == 0 &&
	    mount(NULL, "/", NULL, MS_REC | MS_SHARED, NULL) == 0)
		result = chdir("/");
	umask(before);
	return result;
}

int sandbox_root(struct job *job)
{
	return mount_tree_chroot_plain(job->plan->account, job->plan->root);
}
