/* Trees of mounts by open_tree(2), move_mount(2) and mount_setattr(2), as raw system calls: older libcs have no
 * wrappers for them.
 *
 * Read-only and similar attributes belong to a mount, not to a path. To restrict a folder that is not a mount point,
 * superd first bind-mounts it, with everything below, onto itself.
 *
 * The service's user may own a folder of a path, and put a link there at any time. So each path is walked with his
 * rights (os/foreign/path_walk), and what is done is done at the descriptor of what was found. */
#include "exec/stages/mount_tree.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "exec/child/sandbox.h"
#include "lib/fd.h"
#include "os/foreign/path_walk.h"

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

/* Flags of mount(2) as MOUNT_ATTR_x. */
static const struct { unsigned long flag; unsigned attribute; } attribute_of[] = {
	{ MS_RDONLY, 0x1 },	{ MS_NOSUID, 0x2 },	  { MS_NODEV, 0x4 },	    { MS_NOEXEC, 0x8 },
	{ MS_NOATIME, 0x10 },	{ MS_STRICTATIME, 0x20 }, { MS_NODIRATIME, 0x80 },
};

struct mount_attributes {
	uint64_t set, clear, propagation, user_namespace;
};

static int clone_tree(int place, unsigned flags)
{
	return (int)syscall(SYS_open_tree, place, "", CLONE | O_CLOEXEC | EMPTY_PATH | flags);
}

static int move_tree(int tree, int place)
{
	return (int)syscall(SYS_move_mount, tree, "", place, "", FROM_DESCRIPTOR | TO_DESCRIPTOR);
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

static int make_tree(const char *type, unsigned long flags, const char *data)
{
	int system = (int)syscall(SYS_fsopen, type, FSOPEN_CLOSES), tree = -1;
	unsigned attributes = 0;

	if (flags & MS_STRICTATIME)
		flags &= ~(unsigned long)MS_NOATIME;
	for (size_t n = 0; n < sizeof(attribute_of) / sizeof(*attribute_of); n++)
		attributes |= flags & attribute_of[n].flag ? attribute_of[n].attribute : 0;
	if (system >= 0 && (!(flags & MS_RDONLY) || syscall(SYS_fsconfig, system, SET_FLAG, "ro", NULL, 0) == 0) &&
	    give_options(system, data) && syscall(SYS_fsconfig, system, CREATE, NULL, NULL, 0) == 0)
		tree = (int)syscall(SYS_fsmount, system, FSMOUNT_CLOSES, attributes);
	fd_close(&system);
	return tree;
}
/* Opens what the path leads to, with O_PATH. -1 and errno. */
static int open_place(const struct account *user, const char *path, enum path_missing missing)
{
	struct path_walk walk = { .account = user, .folder = -1 };
	int place = path_walk(&walk, -1, path, missing);

	if (!path_walk_end(&walk))
		fd_close(&place);
	return place;
}

int mount_tree_open(const struct account *user, const char *path, bool recursive)
{
	int place = open_place(user, path, PATH_STAYS_MISSING);
	int tree = place < 0 ? -1 : clone_tree(place, recursive ? RECURSIVE : 0);

	fd_close(&place);
	return tree;
}

static int attach_at(int tree, int place)
{
	int result = move_tree(tree, place);

	if (result == 0)
		close(tree);
	return result;
}

int mount_tree_attach(const struct account *user, int tree, const char *path)
{
	int place = open_place(user, path, PATH_STAYS_MISSING);
	int result = place < 0 ? -1 : attach_at(tree, place);

	fd_close(&place);
	return result;
}

int mount_tree_set_attr(int tree, unsigned set, unsigned clear)
{
	return set || clear ? set_mount_attributes(tree, RECURSIVE, set, clear) : 0;
}

/* Enters the tree that was attached over /: ".." of the covered root leads to the covering tree. */
int mount_tree_pivot(void)
{
	return chdir("/..") < 0 ? -1 : chroot(".");
}

/* Mounts a place onto itself with these attributes. */
static int cover_with_itself(int place, unsigned set)
{
	int tree = clone_tree(place, RECURSIVE);

	return tree < 0 || mount_tree_set_attr(tree, set, 0) < 0 || attach_at(tree, place) < 0 ? -1 : 0;
}

int mount_tree_set_attr_at(const struct account *user, const char *path, unsigned set)
{
	int place = open_place(user, path, PATH_STAYS_MISSING);
	int result = place < 0 ? -1 : set_mount_attributes(place, RECURSIVE, set, 0);

	if (place >= 0 && result < 0 && errno == EINVAL) {
		result = cover_with_itself(place, set);
		if (result == 0 && !strcmp(path, "/"))
			result = mount_tree_pivot();
	}
	fd_close(&place);
	return result;
}

int mount_tree_remount_read_only(const struct account *user, const char *path)
{
	int place = open_place(user, path, PATH_STAYS_MISSING);
	int result = place < 0 ? -1 : set_mount_attributes(place, 0, MOUNT_TREE_READ_ONLY, 0);

	fd_close(&place);
	return result;
}

void mount_tree_make_folders(const struct account *user, const char *path)
{
	int place = open_place(user, path, PATH_MADE_FOLDER);

	fd_close(&place);
}

void mount_tree_make_place(const struct account *user, const char *path, int tree)
{
	struct stat status;
	int place;

	if (fstat(tree, &status) < 0)
		return;
	place = open_place(user, path, S_ISDIR(status.st_mode) ? PATH_MADE_FOLDER : PATH_MADE_FILE);
	fd_close(&place);
}

int mount_tree_chroot(const struct account *user, const char *path)
{
	int tree = mount_tree_open(user, path, true);

	return tree < 0 || mount_tree_attach(user, tree, "/") < 0 ? -1 : mount_tree_pivot();
}

int mount_tree_chroot_plain(const struct account *user, const char *path)
{
	int place = open_place(user, path, PATH_STAYS_MISSING);
	int result = place < 0 || fchdir(place) < 0 ? -1 : chroot(".");

	fd_close(&place);
	return result;
}

/* Mounts a new file system at a place, which superd may not be allowed to enter: mount(2) would have to. */
static int mount_at(const char *type, int place, unsigned long flags, const char *data)
{
	int tree = make_tree(type, flags, data);
	struct stat new, present;

	if (tree < 0 || fstat(tree, &new) < 0 || fstat(place, &present) < 0)
		return -1;
	if (new.st_dev == present.st_dev && new.st_ino == present.st_ino) {
		errno = EBUSY;          /* it is there already */
		return -1;
	}
	return attach_at(tree, place);
}

int mount_new(const struct account *user, const char *type, const char *path, unsigned long flags, const char *data)
{
	int place = open_place(user, path, PATH_STAYS_MISSING);
	int result = place < 0 ? -1 : mount_at(type, place, flags, data);

	fd_close(&place);
	return result;
}

static int cover_file(int device, int place)
{
	int tree = clone_tree(device, 0);

	if (tree < 0 ||
	    mount_tree_set_attr(tree,
				MOUNT_TREE_READ_ONLY | MOUNT_TREE_NO_SUID | MOUNT_TREE_NO_DEVICES | MOUNT_TREE_NO_EXEC,
				0) < 0)
		return -1;
	return attach_at(tree, place);
}

int mount_tree_cover(const struct account *user, const char *path, int device)
{
	int place = open_place(user, path, PATH_STAYS_MISSING);
	struct stat status;
	int result = place < 0 ? -1 : fstat(place, &status);

	if (result == 0)
		result = S_ISDIR(status.st_mode)
				 ? mount_at("tmpfs", place, MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC,
					    "mode=000,size=4k,nr_inodes=2")
				 : cover_file(device, place);
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

int mount_tree_open_private_tmp(const struct account *user, const char *prefix, uint64_t id)
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
