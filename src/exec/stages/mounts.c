/* A sandbox's mounts: from the machine's tree of files to the one that the service sees.
 *
 * A path in the list may mean a mount point, or what was there before anything was mounted. So every tree that stays as
 * it was, or comes from elsewhere, is first cloned with open_tree(2), before anything is covered or made read-only.
 * Then the mount points are visited from the top down, and each tree is attached where it belongs. Each tree gets its
 * attributes right after its mount point exists, so nothing has to be undone. */
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/vfs.h>

#include "exec/stages/stages.h"

/* Trees of mounts by open_tree(2), move_mount(2) and mount_setattr(2), as raw system calls: older libcs have no
 * wrappers for them.
 *
 * Read-only and similar attributes belong to a mount, not to a path. To restrict a folder that is not a mount point,
 * superd first bind-mounts it, with everything below, onto itself.
 *
 * Another user may own a folder of a path, and put a link there at any time. Such a path is opened with his rights, and
 * leads only to what lies in that folder or is his: else a service could undo its sandbox by a link. What is done is
 * done at the descriptor of what was found. */

#ifndef SYS_mount_setattr
#define SYS_mount_setattr 442           /* headers may be older than Linux 5.12 */
#endif
#define CLONE 1                         /* OPEN_TREE_CLONE */
#define RECURSIVE 0x8000                /* AT_RECURSIVE */
#define EMPTY_PATH 0x1000               /* AT_EMPTY_PATH */
#define FROM_DESCRIPTOR 0x4             /* MOVE_MOUNT_F_EMPTY_PATH */
#define TO_DESCRIPTOR 0x40              /* MOVE_MOUNT_T_EMPTY_PATH */
#define FSOPEN_CLOSES 1                 /* FSOPEN_CLOEXEC */
#define FSMOUNT_CLOSES 1                /* FSMOUNT_CLOEXEC */
#define SET_FLAG 0                      /* FSCONFIG_SET_FLAG */
#define SET_STRING 1                    /* FSCONFIG_SET_STRING */
#define CREATE 6                        /* FSCONFIG_CMD_CREATE */
#define OPTION_MOST 512                 /* fsconfig(2) takes 256 bytes of a name and of a value */

struct mount_attributes {
	uint64_t set, clear, propagation, user_namespace;
};

/* What no file system of the kernel's own needs. */
#define KERNELS (MOUNT_TREE_NO_SUID | MOUNT_TREE_NO_DEVICES | MOUNT_TREE_NO_EXEC)

static int clone_tree(int place, unsigned flags)
{
	return (int)syscall(SYS_open_tree, place, "", CLONE | O_CLOEXEC | EMPTY_PATH | flags);
}

static int set_mount_attributes(int place, unsigned flags, unsigned set, unsigned clear)
{
	struct mount_attributes attributes = { .set = set, .clear = clear };

	return (int)syscall(SYS_mount_setattr, place, "", EMPTY_PATH | flags, &attributes, sizeof(attributes));
}

/* Gives a new file system the options that mount(2) would take as one text. */
static bool give_options(int system, const char *data)
{
	char option[OPTION_MOST], *value;
	size_t length;

	for (; data && *data; data += length + (data[length] == ',')) {
		length = strcspn(data, ",");
		errno = ENAMETOOLONG;
		if (length >= sizeof(option))
			return false;
		memcpy(option, data, length);
		option[length] = '\0';
		value = strchr(option, '=');
		if (value)
			*value++ = '\0';
		if (syscall(SYS_fsconfig, system, value ? SET_STRING : SET_FLAG, option, value, 0) < 0)
			return false;
	}
	return true;
}

static int make_tree(const char *type, unsigned attributes, const char *data)
{
	int system = (int)syscall(SYS_fsopen, type, FSOPEN_CLOSES), tree = -1;

	if (system >= 0 &&
	    (!(attributes & MOUNT_TREE_READ_ONLY) || syscall(SYS_fsconfig, system, SET_FLAG, "ro", NULL, 0) == 0) &&
	    give_options(system, data) && syscall(SYS_fsconfig, system, CREATE, NULL, NULL, 0) == 0)
		tree = (int)syscall(SYS_fsmount, system, FSMOUNT_CLOSES, attributes);
	fd_close(&system);
	return tree;
}

/* What becomes of a path that is missing. */
enum missing { STAYS_MISSING, MADE_FOLDER, MADE_FILE };

/* If it fails, so does opening. */
static void make_missing(const char *path, enum missing missing)
{
	int file = -1;

	fd_make_parents(path, 0755);
	if (missing == MADE_FOLDER)
		mkdir(path, 0755);
	else
		file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0444);
	fd_close(&file);
}

/* Of a folder an automounter is asked for, too. */
static int open_path(const char *path)
{
	int place = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);

	return place < 0 && errno == ENOTDIR ? open(path, O_PATH | O_CLOEXEC) : place;
}

/* Whether it lies in the folder that is another user's, or is his. */
static bool is_users(int place, const struct path_finding *finding)
{
	char link[64], name[PATH_MAX];
	size_t length = strlen(finding->place);
	struct stat status;
	ssize_t got;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", place);
	got = readlink(link, name, sizeof(name) - 1);
	name[got > 0 ? got : 0] = '\0';
	return (!strncmp(name, finding->place, length) && name[length] == '/') ||
	       (fstat(place, &status) == 0 && status.st_uid == finding->owner && !path_uid_is_own(finding->owner));
}

/* Opens what the path leads to, with O_PATH. -1 and errno. */
static int open_place(const struct account *user, const char *path, enum missing missing)
{
	struct path_finding finding;
	struct act_as before;
	int place;

	if (!act_as_owner(&before, path, user, &finding))
		return -1;
	place = open_path(path);
	if (place < 0 && errno == ENOENT && missing != STAYS_MISSING && (before.account || !finding.flaw)) {
		make_missing(path, missing);
		place = open_path(path);
	}
	if (!act_as_end(&before)) {
		fd_close(&place);
	} else if (place >= 0 && finding.flaw && !is_users(place, &finding)) {
		fd_close(&place);
		errno = ELOOP;
	}
	return place;
}

/* Clones the tree at a path, with the mounts below if recursive. */
static int mount_tree_open(const struct account *user, const char *path, bool recursive)
{
	int place = open_place(user, path, STAYS_MISSING);
	int tree = place < 0 ? -1 : clone_tree(place, recursive ? RECURSIVE : 0);

	fd_close(&place);
	return tree;
}

static int attach_at(int tree, int place)
{
	int result = (int)syscall(SYS_move_mount, tree, "", place, "", FROM_DESCRIPTOR | TO_DESCRIPTOR);

	if (result == 0)
		close(tree);
	return result;
}

/* Attaches the tree and closes its descriptor. */
static int mount_tree_attach(const struct account *user, int tree, const char *path)
{
	int place = open_place(user, path, STAYS_MISSING);
	int result = place < 0 ? -1 : attach_at(tree, place);

	fd_close(&place);
	return result;
}

/* Sets and clears MOUNT_TREE_x of the tree and of the mounts below. */
static int mount_tree_set_attr(int tree, unsigned set, unsigned clear)
{
	return set || clear ? set_mount_attributes(tree, RECURSIVE, set, clear) : 0;
}

/* Enters the tree that was attached over /: ".." of the covered root leads to the covering tree. */
static int mount_tree_pivot(void)
{
	return chdir("/..") < 0 ? -1 : chroot(".");
}

/* Sets MOUNT_TREE_x at a path; makes it a mount point first if it is none. */
static int mount_tree_set_attr_at(const struct account *user, const char *path, unsigned set)
{
	int place = open_place(user, path, STAYS_MISSING), tree;
	int result = place < 0 ? -1 : set_mount_attributes(place, RECURSIVE, set, 0);

	if (place >= 0 && result < 0 && errno == EINVAL) {
		tree = clone_tree(place, RECURSIVE);
		if (tree >= 0 && mount_tree_set_attr(tree, set, 0) == 0)
			result = attach_at(tree, place);
		if (result == 0 && !strcmp(path, "/"))
			result = mount_tree_pivot();
	}
	fd_close(&place);
	return result;
}

/* Creates a folder at this path, or a file, if it is missing. If that fails, so will the mount. */
static void mount_tree_make_place(const struct account *user, const char *path, enum missing missing)
{
	int place = open_place(user, path, missing);

	fd_close(&place);
}

/* What the tree can be attached to. */
static enum missing place_for(int tree)
{
	struct stat status;

	return fstat(tree, &status) < 0 ? STAYS_MISSING : S_ISDIR(status.st_mode) ? MADE_FOLDER : MADE_FILE;
}

/* Mounts a new file system at a place, which superd may not be allowed to enter: mount(2) would have to. */
static int mount_at(const char *type, int place, unsigned attributes, const char *data)
{
	int tree = make_tree(type, attributes, data);
	struct stat new, present;

	if (tree < 0 || fstat(tree, &new) < 0 || fstat(place, &present) < 0)
		return -1;
	if (new.st_dev == present.st_dev && new.st_ino == present.st_ino) {
		errno = EBUSY;          /* it is there already */
		return -1;
	}
	return attach_at(tree, place);
}

/* Mounts a new file system of this type over a folder, with MOUNT_TREE_x and data as of mount(2). */
static int mount_new(const struct account *user, const char *type, const char *path, unsigned attributes,
		     const char *data)
{
	int place = open_place(user, path, STAYS_MISSING);
	int result = place < 0 ? -1 : mount_at(type, place, attributes, data);

	fd_close(&place);
	return result;
}

/* Covers a folder so that nobody but root can enter it, and a file with a device, given by its descriptor, so that it
 * cannot be opened. */
static int mount_tree_cover(const struct account *user, const char *path, int device)
{
	const unsigned closed = MOUNT_TREE_READ_ONLY | KERNELS;
	int place = open_place(user, path, STAYS_MISSING), result = -1, tree;
	struct stat status;

	if (place >= 0 && fstat(place, &status) == 0 && S_ISDIR(status.st_mode))
		result = mount_at("tmpfs", place, closed, "mode=000,size=4k,nr_inodes=2");
	else if (place >= 0 && (tree = clone_tree(device, 0)) >= 0 && mount_tree_set_attr(tree, closed, 0) == 0)
		result = attach_at(tree, place);
	fd_close(&place);
	return result;
}

/* Creates the folder. An existing one must be superd's alone: another command of the same instance created it. */
static int make_private_folder(const char *path)
{
	struct stat status;

	if (mkdir(path, 0700) == 0)
		return 0;
	if (errno != EEXIST || lstat(path, &status) < 0)
		return -1;
	if (S_ISDIR(status.st_mode) && status.st_uid == geteuid() && (status.st_mode & 077) == 0)
		return 0;
	errno = EEXIST;
	return -1;
}

/* Opens the tree of the folder PREFIX + ID + "/tmp" of one instance, ID in hexadecimal. Creates the folder if it is
 * missing. */
static int mount_tree_open_private_tmp(const struct account *user, const char *prefix, uint64_t id)
{
	char path[PATH_MAX];
	int length = snprintf(path, sizeof(path), "%s%016" PRIx64, prefix, id);

	if (!id || length + sizeof("/tmp") > sizeof(path)) {
		errno = id ? ENAMETOOLONG : EINVAL;     /* without a number its name could be guessed */
		return -1;
	}
	if (make_private_folder(path) < 0)
		return -1;
	memcpy(path + length, "/tmp", sizeof("/tmp"));
	if (mkdir(path, 01777) < 0 && errno != EEXIST)
		return -1;
	return mount_tree_open(user, path, false);
}

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
	if (mount_new(user, "tmpfs", "/dev", MOUNT_TREE_NO_SUID | MOUNT_TREE_NO_EXEC | MOUNT_TREE_STRICT_ATIME,
		      "mode=755,size=4m,nr_inodes=64k") < 0)
		return -1;
	for (size_t n = 0; n < DEVICES; n++) {
		if (devices->of[n] < 0)
			continue;
		mount_tree_make_place(user, kept_devices[n].path, place_for(devices->of[n]));
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

/* The trees of one start; -1: none. */
struct trees {
	int *of;                        /* by the numbers of the mounts */
	int notify;
	int null;                       /* /dev/null, which covers files */
	struct device_trees devices;
};

static bool means_missing(int error)
{
	return error == ENOENT || error == ENOTDIR;
}

/* Clones the tree from outside that will cover this path. */
static int clone_source(struct job *job, const struct sandbox_mount *mount)
{
	const struct account *user = job->plan->account;

	switch ((enum mount_content)mount->content) {
	case CONTENT_SYS:
		return mount_tree_open(user, "/sys", true);
	case CONTENT_BIND:
		return mount_tree_open(user, mount->source, mount->marks & MOUNT_RECURSIVE);
	case CONTENT_PRIVATE_TMP:
		return mount_tree_open_private_tmp(user, mount->source, job->private_id);
	default:
		return -1;
	}
}

static int clone_sources(struct job *job, const struct sandbox_config *sandbox, struct trees *trees)
{
	trees->of = calloc(sandbox->mount_count + 1, sizeof(*trees->of));
	trees->null = open("/dev/null", O_PATH | O_CLOEXEC);
	if (!trees->of || trees->null < 0)
		return -1;
	for (size_t n = 0; n < sandbox->mount_count; n++) {
		const struct sandbox_mount *mount = &sandbox->mounts[n];

		job->fault.resource = (int)n;
		trees->of[n] = -1;
		if (mount->content == CONTENT_DEVICES && devices_take(job->plan->account, &trees->devices) < 0)
			return -1;
		if (mount->content != CONTENT_BIND && mount->content != CONTENT_PRIVATE_TMP &&
		    mount->content != CONTENT_SYS)
			continue;
		trees->of[n] = clone_source(job, mount);
		if (trees->of[n] < 0 && !(mount->marks & (MOUNT_OPTIONAL | MOUNT_OWN) && means_missing(errno)))
			return -1;
	}
	job->fault.resource = (int)sandbox->mount_count;
	trees->notify = job->notify ? mount_tree_open(job->plan->account, job->notify, false) : -1;
	return job->notify && trees->notify < 0 && !means_missing(errno) ? -1 : 0;
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
		if (mount->marks & MOUNT_IN_NEW)
			continue;
		if (mount->content == CONTENT_AS_BEFORE && mount->marks & MOUNT_KEEPS) {
			trees->of[n] = mount_tree_open(user, mount->path, true);
			if (trees->of[n] < 0 && !(mount->marks & MOUNT_OPTIONAL && means_missing(errno)))
				return -1;
		}
		if (trees->of[n] >= 0 && mount->content != CONTENT_AS_BEFORE)
			mount_tree_make_place(user, mount->path, place_for(trees->of[n]));
		if (is_new_file_system(mount))
			mount_tree_make_place(user, mount->path, MADE_FOLDER);
	}
	return 0;
}

/* Mounts a new sysfs, read-only if the machine's is. EBUSY: the present one is that of this network namespace. EPERM:
 * superd may create network namespaces but not mount sysfs; then the machine's is used, as in systemd. */
static int mount_sys(const struct account *user, int machines, const char *path)
{
	struct statfs status;

	if (mount_new(user, "sysfs", path, KERNELS, NULL) < 0)
		return errno == EPERM ? mount_tree_attach(user, machines, path) : errno == EBUSY ? 0 : -1;
	if (fstatfs(machines, &status) < 0)
		return -1;
	return (unsigned long)status.f_flags & MS_RDONLY ? mount_tree_set_attr_at(user, path, MOUNT_TREE_READ_ONLY) : 0;
}

static int apply_mount(const struct account *user, const struct sandbox_mount *mount, int tree, struct trees *trees)
{
	unsigned restored = 0;

	if (mount->marks & MOUNT_IN_NEW && is_new_file_system(mount))
		mount_tree_make_place(user, mount->path, MADE_FOLDER);
	switch ((enum mount_content)mount->content) {
	case CONTENT_INACCESSIBLE:
		return mount_tree_cover(user, mount->path, trees->null);
	case CONTENT_TEMPORARY:
		if (mount_new(user, "tmpfs", mount->path, mount->flags, mount->data) < 0)
			return -1;
		return strcmp(mount->path, "/") ? 0 : mount_tree_pivot();
	case CONTENT_PROC:
		return mount_new(user, "proc", mount->path, KERNELS, mount->data);
	case CONTENT_SYS:
		return mount_sys(user, tree, mount->path);
	case CONTENT_QUEUES:
		return mount_new(user, "mqueue", mount->path, KERNELS, NULL);
	case CONTENT_DEVICES:
		return devices_put(user, &trees->devices, mount->marks & MOUNT_CLOSES ? MOUNT_TREE_READ_ONLY : 0);
	case CONTENT_BIND:
	case CONTENT_PRIVATE_TMP:
	case CONTENT_AS_BEFORE:
		break;
	}
	if (tree < 0 && !(mount->marks & MOUNT_IN_NEW))
		return mount_tree_set_attr_at(user, mount->path, mount->attributes);
	if (tree < 0) { /* what was just mounted above has its own attributes, unless this mount says otherwise */
		restored = mount->restored;
		tree = mount_tree_open(user, mount->path, true);
	} else if (mount->marks & MOUNT_IN_NEW) {
		mount_tree_make_place(user, mount->path, place_for(tree));
	}
	if (tree < 0 || mount_tree_set_attr(tree, mount->attributes, restored) < 0)
		return -1;
	return mount_tree_attach(user, tree, mount->path);
}

/* Whether the mount was skipped when its tree was cloned. */
static bool was_skipped(const struct sandbox_mount *mount, int tree)
{
	return tree < 0 && (mount->content == CONTENT_BIND || mount->content == CONTENT_PRIVATE_TMP ||
			    (mount->content == CONTENT_AS_BEFORE &&
			     (mount->marks & (MOUNT_KEEPS | MOUNT_IN_NEW)) == MOUNT_KEEPS));
}

static int apply_mounts(struct job *job, const struct sandbox_config *sandbox, struct trees *trees)
{
	const struct account *user = job->plan->account;

	for (size_t n = 0; n < sandbox->mount_count; n++) {
		const struct sandbox_mount *mount = &sandbox->mounts[n];

		job->fault.resource = (int)n;
		if (was_skipped(mount, trees->of[n]))
			continue;
		if (apply_mount(user, mount, trees->of[n], trees) < 0 &&
		    !(mount->marks & MOUNT_OPTIONAL && means_missing(errno)))
			return -1;
		if (mount->content != CONTENT_AS_BEFORE && mount->content != CONTENT_BIND && mount->attributes &&
		    mount->content != CONTENT_PRIVATE_TMP &&
		    mount_tree_set_attr_at(user, mount->path, mount->attributes) < 0 && !means_missing(errno))
			return -1;
	}
	return 0;
}

/* Where a mount hides it. */
static int attach_notify(struct job *job, const struct trees *trees)
{
	const struct account *user = job->plan->account;

	job->fault.resource = (int)child_sandbox(job)->mount_count;
	if (trees->notify < 0)
		return 0;
	mount_tree_make_place(user, job->notify, place_for(trees->notify));
	return mount_tree_attach(user, trees->notify, job->notify);
}

/* Makes mounts read-only last, as other mount points had to be created in them. */
static int close_mounts(struct job *job, const struct sandbox_config *sandbox)
{
	for (size_t n = 0; n < sandbox->mount_count; n++) {
		const struct sandbox_mount *mount = &sandbox->mounts[n];

		int place;

		job->fault.resource = (int)n;
		if (!(mount->marks & MOUNT_CLOSES) && mount->content != CONTENT_DEVICES)
			continue;
		place = open_place(job->plan->account, mount->path, STAYS_MISSING);
		if (place < 0 || set_mount_attributes(place, 0, MOUNT_TREE_READ_ONLY, 0) < 0)
			return -1;
		close(place);
	}
	return 0;
}

/* Makes the folder the root directory, so that no chroot(2) leaves it. */
static int enter_root_directory(struct job *job, const struct sandbox_config *sandbox)
{
	int tree;

	if (!sandbox->root)
		return 0;
	job->fault.resource = SANDBOX_ROOT;
	tree = mount_tree_open(job->plan->account, sandbox->root, true);
	if (tree < 0 || mount_tree_attach(job->plan->account, tree, "/") < 0 || mount_tree_pivot() < 0)
		return -1;
	job->fault.resource = -1;
	return 0;
}

int sandbox_mounts(struct job *job)
{
	const struct sandbox_config *sandbox = child_sandbox(job);
	mode_t before = umask(0);
	struct trees trees = { .of = NULL };
	int result = -1;

	job->fault.resource = -1;
	if (mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) == 0 && clone_sources(job, sandbox, &trees) == 0 &&
	    enter_root_directory(job, sandbox) == 0 &&
	    clone_present_trees(job, sandbox, &trees) == 0 && apply_mounts(job, sandbox, &trees) == 0 &&
	    attach_notify(job, &trees) == 0 &&
	    close_mounts(job, sandbox) == 0 &&
	    mount(NULL, "/", NULL, MS_REC | MS_SHARED, NULL) == 0)
		result = chdir("/");
	umask(before);          /* the exec frees the trees' list */
	return result;
}

/* Where superd may not mount, or nobody can leave it. */
int sandbox_root(struct job *job)
{
	int place = open_place(job->plan->account, job->plan->root, STAYS_MISSING);

	return place < 0 || fchdir(place) < 0 ? -1 : chroot("."); /* the exec closes it */
}
