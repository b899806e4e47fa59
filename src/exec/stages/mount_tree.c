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

/* What to do with a missing last part of a path, and whether to follow other users' links. */
enum missing { STAYS_MISSING, MADE_FOLDER, MADE_FILE, STAYS_MISSING_BEHIND_LINKS };

/* Whether the file belongs to root or to superd's user. */
static bool is_ours(int fd)
{
	struct stat status;

	return fstat(fd, &status) == 0 && (status.st_uid == 0 || status.st_uid == geteuid());
}

static int make_part(int at, const char *part, enum missing kind)
{
	int fd;

	if (kind == MADE_FOLDER)
		return (int)syscall(SYS_mkdirat, at, part, 0755);
	fd = openat(at, part, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0444);
	if (fd < 0)
		return -1;
	close(fd);
	return 0;
}

/* Follows a link. It must be superd's or root's, in a folder of superd's or root's; or, with follows_theirs, lead to a
 * target with the same owner, who can reach that without the link. -1 and errno. */
static int follow_link(int at, const char *part, int link, bool follows_theirs)
{
	bool own = is_ours(link) && is_ours(at);
	int behind = own || follows_theirs ? openat(at, part, O_PATH | O_CLOEXEC) : -1;
	struct stat status, target;

	if (own || (behind >= 0 && fstat(link, &status) == 0 && fstat(behind, &target) == 0 &&
		    status.st_uid == target.st_uid))
		return behind;
	if (behind >= 0)
		close(behind);
	if (behind >= 0 || !follows_theirs)
		errno = ELOOP;
	return -1;
}

/* Opens the next part of a path. */
static int enter_part(int at, const char *part, bool follows_theirs)
{
	int next = openat(at, part, O_PATH | O_NOFOLLOW | O_CLOEXEC), link;
	struct stat status;

	if (next < 0 || fstat(next, &status) < 0 || !S_ISLNK(status.st_mode))
		return next;
	link = next;
	next = follow_link(at, part, link, follows_theirs);
	close(link);
	return next;
}

/* Opens a path with O_PATH part by part, as the owner of one folder may replace the next by a link. Creates the last
 * part, and folders above it, if `kind` says so. -1 and errno. */
static int open_path_part_by_part(const char *path, enum missing kind)
{
	char copy[PATH_MOST], *part = copy, *end;
	size_t length = strlen(path);
	int at = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC), next, error;
	bool follows_theirs = kind == STAYS_MISSING_BEHIND_LINKS;

	if (length >= sizeof(copy)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(copy, path, length + 1);
	for (; at >= 0; part = end + 1) {
		bool is_last;

		while (*part == '/')
			part++;
		if (!*part)
			break;
		for (end = part; *end && *end != '/'; end++)
			;
		is_last = !*end;
		*end = '\0';
		next = enter_part(at, part, follows_theirs);
		if (next < 0 && errno == ENOENT && (kind == MADE_FOLDER || kind == MADE_FILE) &&
		    make_part(at, part, is_last ? kind : MADE_FOLDER) == 0)
			next = enter_part(at, part, follows_theirs);
		error = errno;
		close(at);
		errno = error;
		at = next;
		if (is_last)
			break;
	}
	return at;
}

void mount_tree_make_folders(const char *path)
{
	int place = open_path_part_by_part(path, MADE_FOLDER);

	if (place >= 0)
		close(place);
}

void mount_tree_make_place(const char *path, int tree)
{
	struct stat status;
	int place;

	if (fstat(tree, &status) < 0)
		return;
	place = open_path_part_by_part(path, S_ISDIR(status.st_mode) ? MADE_FOLDER : MADE_FILE);
	if (place >= 0)
		close(place);
}

int mount_tree_open_foreign(const char *path, bool recursive)
{
	int place = open_path_part_by_part(path, STAYS_MISSING_BEHIND_LINKS), tree, error;

	if (place < 0)
		return -1;
	tree = open_tree_at(place, "", (recursive ? RECURSIVE : 0) | EMPTY_PATH);
	error = errno;
	close(place);
	errno = error;
	return tree;
}

int mount_tree_attach_beneath_user(int tree, const char *path)
{
	int place = open_path_part_by_part(path, STAYS_MISSING), result, error;

	if (place < 0)
		return -1;
	result = move_tree_to_fd(tree, place);
	error = errno;
	close(place);
	errno = error;
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
