/* Trees of mounts by open_tree(2), move_mount(2) and mount_setattr(2), as raw system calls: older libcs have no
 * wrappers for them.
 *
 * Read-only and similar attributes belong to a mount, not to a path. To restrict a folder that is not a mount point,
 * superd first bind-mounts it, with everything below, onto itself. */
#include "exec/stages/mount_tree.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "exec/child/sandbox.h"
#include "lib/fd.h"
#include "os/foreign/path_walk.h"

#define PATH_MOST 4096

#ifdef SYS_mount_setattr
#define CLONE 1                         /* OPEN_TREE_CLONE */
#define RECURSIVE 0x8000                /* AT_RECURSIVE */
#define EMPTY_PATH 0x1000               /* AT_EMPTY_PATH */
#define FROM_DESCRIPTOR 0x4             /* MOVE_MOUNT_F_EMPTY_PATH */
#define TO_LINKS_TARGET 0x10            /* MOVE_MOUNT_T_SYMLINKS */
#define TO_DESCRIPTOR 0x40              /* MOVE_MOUNT_T_EMPTY_PATH */

struct mount_attributes {
	uint64_t set, clear, propagation, user_namespace;
};

static int open_tree_at(int at, const char *path, unsigned flags)
{
	return (int)syscall(SYS_open_tree, at, path, CLONE | O_CLOEXEC | flags);
}

static int move_tree(int tree, const char *path)
{
	return (int)syscall(SYS_move_mount, tree, "", AT_FDCWD, path, FROM_DESCRIPTOR | TO_LINKS_TARGET);
}

static int move_tree_to_fd(int tree, int place)
{
	return (int)syscall(SYS_move_mount, tree, "", place, "", FROM_DESCRIPTOR | TO_DESCRIPTOR);
}

static int set_mount_attributes(int at, const char *path, unsigned flags, unsigned set, unsigned clear)
{
	struct mount_attributes attributes = { .set = set, .clear = clear };

	return (int)syscall(SYS_mount_setattr, at, path, flags, &attributes, sizeof(attributes));
}
#else
#define RECURSIVE 0
#define EMPTY_PATH 0

static int fail_unsupported(void)
{
	errno = ENOSYS;
	return -1;
}

static int open_tree_at(int at, const char *path, unsigned flags)
{
	(void)at, (void)path, (void)flags;
	return fail_unsupported();
}

static int move_tree(int tree, const char *path)
{
	(void)tree, (void)path;
	return fail_unsupported();
}

static int move_tree_to_fd(int tree, int place)
{
	(void)tree, (void)place;
	return fail_unsupported();
}

static int set_mount_attributes(int at, const char *path, unsigned flags, unsigned set, unsigned clear)
{
	(void)at, (void)path, (void)flags, (void)set, (void)clear;
	return fail_unsupported();
}
#endif

int mount_tree_open(const char *path, bool recursive)
{
	return open_tree_at(AT_FDCWD, path, recursive ? RECURSIVE : 0);
}

int mount_tree_attach(int tree, const char *path)
{
	int result = move_tree(tree, path);

	if (result == 0)
		close(tree);
	return result;
}

int mount_tree_set_attr(int tree, unsigned set, unsigned clear)
{
	return set || clear ? set_mount_attributes(tree, "", EMPTY_PATH | RECURSIVE, set, clear) : 0;
}

/* Enters the tree that was attached over /: ".." of the covered root leads to the covering tree. */
int mount_tree_pivot(void)
{
	return chdir("/..") < 0 ? -1 : chroot(".");
}

int mount_tree_set_attr_at(const char *path, unsigned set)
{
	int tree;

	if (set_mount_attributes(AT_FDCWD, path, RECURSIVE, set, 0) == 0)
		return 0;
	if (errno != EINVAL)
		return -1;
	tree = mount_tree_open(path, true);
	if (tree < 0 || mount_tree_set_attr(tree, set, 0) < 0 || mount_tree_attach(tree, path) < 0)
		return -1;
	return strcmp(path, "/") ? 0 : mount_tree_pivot();
}

int mount_tree_remount_read_only(const char *path)
{
	return set_mount_attributes(AT_FDCWD, path, 0, MOUNT_TREE_READ_ONLY, 0);
}

/* Opens what the path leads to, with O_PATH. -1 and errno. */
static int open_place(const char *path, enum path_missing missing)
{
	struct path_walk walk = { .folder = -1 };
	int place = path_walk(&walk, -1, path, missing);

	if (!path_walk_end(&walk))
		fd_close(&place);
	return place;
}

void mount_tree_make_folders(const char *path)
{
	int place = open_place(path, PATH_MADE_FOLDER);

	fd_close(&place);
}

void mount_tree_make_place(const char *path, int tree)
{
	struct stat status;
	int place;

	if (fstat(tree, &status) < 0)
		return;
	place = open_place(path, S_ISDIR(status.st_mode) ? PATH_MADE_FOLDER : PATH_MADE_FILE);
	fd_close(&place);
}

int mount_tree_open_source(const char *path, bool recursive)
{
	int place = open_place(path, PATH_STAYS_MISSING);
	int tree = place < 0 ? -1 : open_tree_at(place, "", (recursive ? RECURSIVE : 0) | EMPTY_PATH);

	fd_close(&place);
	return tree;
}

int mount_tree_attach_at_place(int tree, const char *path)
{
	int place = open_place(path, PATH_STAYS_MISSING);
	int result = place < 0 ? -1 : move_tree_to_fd(tree, place);

	fd_close(&place);
	if (result == 0)
		close(tree);
	return result;
}

int mount_tree_chroot(const char *path)
{
	int tree = mount_tree_open(path, true);

	return tree < 0 || mount_tree_attach(tree, "/") < 0 ? -1 : mount_tree_pivot();
}

int mount_tree_cover_file(int device, const char *path)
{
	int tree = open_tree_at(device, "", EMPTY_PATH);

	if (tree < 0 ||
	    mount_tree_set_attr(tree,
				MOUNT_TREE_READ_ONLY | MOUNT_TREE_NO_SUID | MOUNT_TREE_NO_DEVICES | MOUNT_TREE_NO_EXEC,
				0) < 0)
		return -1;
	return mount_tree_attach(tree, path);
}

static void add_hexadecimal(char *out, uint64_t id)
{
	for (int shift = 60; shift >= 0; shift -= 4)
		*out++ = "0123456789abcdef"[id >> shift & 15];
	*out = '\0';
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

int mount_tree_open_private_tmp(const char *prefix, uint64_t id)
{
	char path[PATH_MOST];
	size_t length = strlen(prefix);

	if (!id || length + 16 + sizeof("/tmp") > sizeof(path)) {
		errno = id ? ENAMETOOLONG : EINVAL;     /* without a number its name could be guessed */
		return -1;
	}
	memcpy(path, prefix, length);
	add_hexadecimal(path + length, id);
	if (make_private_folder(path) < 0)
		return -1;
	memcpy(path + length + 16, "/tmp", sizeof("/tmp"));
	if (mkdir(path, 01777) < 0 && errno != EEXIST)
		return -1;
	return mount_tree_open(path, false);
}

int mount_new(const char *type, const char *path, unsigned long flags, const char *data)
{
	return mount(type, path, type, flags, data);
}
