/* openat2(2) resolves a path in a root, or from a working folder, but not both at once: a relative path would go on at
 * superd's own root where it meets an absolute link. So the path is opened name by name. Links of proc(5) to files of
 * processes count by their text, so none is followed by superd's rights. A name is opened without O_DIRECTORY, which
 * would have the kernel mount what an automounter offers there (autofs). */
#include "worker/bind/target_path.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LINKS_MOST 40                   /* links in one path, as in the kernel (path_resolution(7)) */

/* How far a path is resolved. */
struct folder_walk {
	int root, at;                   /* the process's root; the folder reached so far, owned */
	char rest[PATH_MAX];            /* names still to open */
	int links;                      /* links followed so far */
};

static bool is_same(int a, int b)
{
	struct stat one, other;

	return fstat(a, &one) == 0 && fstat(b, &other) == 0 && one.st_dev == other.st_dev && one.st_ino == other.st_ino;
}

/* Goes on in this folder. */
static bool enter(struct folder_walk *walk, int fd)
{
	if (fd < 0)
		return false;
	close(walk->at);
	walk->at = fd;
	return true;
}

/* Puts the text of a link in front of the names that are left. */
static bool follow_link(struct folder_walk *walk, int link)
{
	char text[PATH_MAX];
	ssize_t length = readlinkat(link, "", text, sizeof(text));
	size_t rest = strlen(walk->rest);

	if (length <= 0)
		return false;
	if (walk->links++ >= LINKS_MOST || (size_t)length + 1 + rest >= sizeof(walk->rest)) {
		errno = ELOOP;
		return false;
	}
	memmove(walk->rest + length + 1, walk->rest, rest + 1);
	memcpy(walk->rest, text, (size_t)length);
	walk->rest[length] = '/';
	return *text != '/' || enter(walk, fcntl(walk->root, F_DUPFD_CLOEXEC, 0));
}

static bool open_name(struct folder_walk *walk, const char *name)
{
	struct stat status;
	bool is_link;
	int fd;

	if (!strcmp(name, "..") && is_same(walk->at, walk->root))
		return true;
	fd = openat(walk->at, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return false;
	if (fstat(fd, &status) == 0 && S_ISDIR(status.st_mode))
		return enter(walk, fd);
	is_link = S_ISLNK(status.st_mode) && follow_link(walk, fd);
	close(fd);
	return is_link;
}

/* Takes the next name off the path. false: none is left. */
static bool take_name(struct folder_walk *walk, char name[NAME_MAX + 1], bool *good)
{
	const char *begin = walk->rest + strspn(walk->rest, "/");
	size_t length = strcspn(begin, "/");

	*good = length <= NAME_MAX;
	if (!length || !*good)
		return false;
	memcpy(name, begin, length);
	name[length] = '\0';
	memmove(walk->rest, begin + length, strlen(begin + length) + 1);
	return true;
}

int path_open_folder(int root, int from, const char *path)
{
	const char *slash = strrchr(path, '/');
	size_t length = slash ? (size_t)(slash - path) : 0;
	struct folder_walk walk = { .root = root, .links = 0 };
	char name[NAME_MAX + 1];
	bool good = true;

	if (length >= sizeof(walk.rest)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(walk.rest, path, length);
	walk.rest[length] = '\0';
	walk.at = fcntl(*path == '/' ? root : from, F_DUPFD_CLOEXEC, 0);
	if (walk.at < 0)
		return -1;
	while (good && take_name(&walk, name, &good))
		good = open_name(&walk, name);
	if (good)
		return walk.at;
	close(walk.at);
	return -1;
}

/* A program that binds a path longer than sun_path writes "/proc/self/fd/N/NAME", which is to start at its own
 * descriptor. */
static const char *skip_own_fd(const char *path, int *from)
{
	int number = -1, length = 0;

	if (sscanf(path, "/proc/self/fd/%9d/%n", &number, &length) != 1 || !length || number < 0)
		return path;
	*from = number;
	return path + length;
}

bool target_find_folder(struct target_process *target, int from, const char *path, struct stat *folder)
{
	int root, start, fd = -1;

	path = skip_own_fd(path, &from);
	root = target_open_folder(target, "root");
	start = root < 0 || *path == '/' ? -1
		: from == AT_FDCWD	 ? target_open_folder(target, "cwd")
					 : target_copy_fd(target, from);
	if (root >= 0 && (start >= 0 || *path == '/'))
		fd = path_open_folder(root, start, path);
	if (start >= 0)
		close(start);
	if (root >= 0)
		close(root);
	if (fd < 0)
		return false;
	start = fstat(fd, folder);
	close(fd);
	return start == 0;
}
