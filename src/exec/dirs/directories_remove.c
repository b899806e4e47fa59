/* Removes directories of a service.
 *
 * As root, superd removes folders that another user filled. It walks by descriptor, so no symlink can divert it, and it
 * does not enter other file systems. As this may take any time, a separate process does it, after a rename: the next
 * start finds the old name free. */
#include "exec/dirs/directories.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "exec/dirs/directories_internal.h"
#include "exec/spawn/spawn.h"

#define DEPTH_MOST 32                   /* nested folders that are open at a time; deeper ones are moved up */
#define PASSES_MOST 100000              /* a limit, as another process may create more all the time */
#define NAMES_MOST 100

/* Opens a directory to empty it, unless it is a mount point. Where a filter denies openat2(2) the device number
 * decides, which does not reveal a bind mount. */
static int open_unmounted(int at, const char *name)
{
	int fd, flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	struct stat outer, inner;
	struct { uint64_t flags, mode, resolve; } how = { (uint64_t)flags, 0, 1 /* RESOLVE_NO_XDEV */ };

	fd = (int)syscall(__NR_openat2, at, name, &how, sizeof(how));
	if (fd >= 0 || (errno != ENOSYS && errno != EPERM))
		return fd;
	fd = openat(at, name, flags);
	if (fd >= 0 && (fstat(at, &outer) < 0 || fstat(fd, &inner) < 0 || outer.st_dev != inner.st_dev))
		fd_close(&fd);
	return fd;
}

/* The removal of one tree. */
struct tree_removal {
	int top;                        /* descriptor of the tree's folder */
	unsigned long number;           /* number in the last name tried for a folder that is moved up */
	bool moved;                     /* a folder was moved up in this pass, so another pass is needed */
};

/* Moves a deep folder to the top. Its users may have taken any name, so several are tried. */
static void move_up(struct tree_removal *removal, int at, const char *name)
{
	char up[32];

	for (int tries = 0; tries < NAMES_MOST; tries++) {
		snprintf(up, sizeof(up), ".superd-%lu", ++removal->number);
		if (renameat(at, name, removal->top, up) == 0) {
			removal->moved = true;
			return;
		}
		if (errno != EEXIST && errno != ENOTEMPTY && errno != ENOTDIR)
			return;
	}
}

static void empty_level(struct tree_removal *removal, int directory, int depth)
{
	DIR *stream = fdopendir(directory);
	struct dirent *entry;

	if (!stream) {
		close(directory);
		return;
	}
	while ((entry = readdir(stream))) {
		int inner;

		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
			continue;
		if (unlinkat(dirfd(stream), entry->d_name, 0) == 0)
			continue;
		inner = open_unmounted(dirfd(stream), entry->d_name);
		if (inner < 0)
			continue;
		if (depth == DEPTH_MOST)
			close(inner);
		else
			empty_level(removal, inner, depth + 1);
		if (unlinkat(dirfd(stream), entry->d_name, AT_REMOVEDIR) < 0 && depth == DEPTH_MOST)
			move_up(removal, dirfd(stream), entry->d_name);
	}
	closedir(stream);
}

static void empty_directory(int directory)
{
	struct tree_removal removal = { .top = directory };
	int passes = 0;

	do {
		int again = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

		removal.moved = false;
		if (again >= 0)
			empty_level(&removal, again, 0);
	} while (removal.moved && ++passes < PASSES_MOST);
}

/* Opens the folder that holds the last part of base/name, and sets *last to that part. -1: it cannot be reached. */
static int open_parent(int base, char *name, const char **last)
{
	int at = fcntl(base, F_DUPFD_CLOEXEC, 3);
	char *rest = name, *part = directory_next_part(&rest), *next;

	for (; at >= 0 && (next = directory_next_part(&rest)); part = next)
		at = directory_enter(at, part);
	if (!part)
		fd_close(&at);
	*last = part;
	return at;
}

/* false: something is left. */
static bool remove_directory(int at, const char *name)
{
	int directory = open_unmounted(at, name);

	if (directory >= 0)
		empty_directory(directory);
	fd_close(&directory);
	return unlinkat(at, name, AT_REMOVEDIR) == 0;
}

void directories_remove_tree(const char *base, const char *name)
{
	int above = open(base, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (above >= 0)
		directories_discard(above, name, true);
	fd_close(&above);
}

/* A folder to remove: base/aside is its new name, at/name the old one. */
struct discard {
	int base, at;
	const char *name;
	char aside[sizeof(".superd-") + 16];
};

#define NOREPLACE 1u                    /* RENAME_NOREPLACE, which older headers lack */

/* A folder that cannot be removed, as something is mounted in it, gets its old name back, unless that is taken. */
static void restore_name(const struct discard *discard)
{
	syscall(SYS_renameat2, discard->base, discard->aside, discard->at, discard->name, NOREPLACE);
}

static void finish_discard(const void *with)
{
	const struct discard *discard = with;

	if (!remove_directory(discard->base, discard->aside))
		restore_name(discard);
}

uint64_t directories_number(void)
{
	uint64_t number = 0;

	/* Early at boot there may be no randomness yet, and waiting for it would delay everything. Then the time has to
	 * do, which other users cannot predict exactly. */
	if (getrandom(&number, sizeof(number), GRND_NONBLOCK) != (ssize_t)sizeof(number)) {
		struct timespec now;

		clock_gettime(CLOCK_REALTIME, &now);
		number = (uint64_t)now.tv_sec << 32 ^ (uint64_t)now.tv_nsec;
	}
	return number ? number : 1;
}

/* Moves the folder to the base, which no other user can write, so that it cannot be replaced. */
static bool move_aside(struct discard *discard)
{
	snprintf(discard->aside, sizeof(discard->aside), ".superd-%016" PRIx64, directories_number());
	return renameat(discard->at, discard->name, discard->base, discard->aside) == 0;
}

static void discard_at(int base, int at, const char *name, bool at_once)
{
	struct discard discard = { .base = base, .at = at, .name = name };
	int directory = open_unmounted(at, name);

	if (directory < 0)
		return;
	fd_close(&directory);
	if (unlinkat(at, name, AT_REMOVEDIR) == 0)
		return;
	if (at_once || !move_aside(&discard))
		remove_directory(at, name);
	else if (!spawn_background(finish_discard, &discard, (int[]){ base, at }, 2))
		finish_discard(&discard);
}

void directories_discard(int base, const char *name, bool at_once)
{
	char *copy = strdup(name);
	const char *last = NULL;
	int at = copy ? open_parent(base, copy, &last) : -1;

	if (at >= 0)
		discard_at(base, at, last, at_once);
	fd_close(&at);
	free(copy);
}

/* Whether the folder is above the address. The same folder may have two paths, such as /run/a and /var/run/a: each part
 * of the address with the folder's name is compared by inode. */
static bool contains_address(const struct stat *folder, const char *name, const char *address)
{
	const char *at = address;
	size_t length = strlen(name);
	char above[PATH_MAX];
	struct stat status;

	while ((at = strstr(at + 1, name))) {
		if (at[-1] != '/' || at[length] != '/' || strlen(address) >= sizeof(above))
			continue;
		strcpy(above, address);
		above[(size_t)(at - address) + length] = '\0';
		if (stat(above, &status) == 0 && status.st_dev == folder->st_dev && status.st_ino == folder->st_ino)
			return true;
	}
	return false;
}

static bool holds_listener(const struct service *service, const struct stat *folder, const char *name)
{
	for (size_t n = 0; n < service->socket_count; n++) {
		const struct endpoint *endpoint = service->sockets[n].address;

		if (endpoint_is_path(endpoint) && contains_address(folder, name, endpoint->address))
			return true;
	}
	return false;
}

static bool any_listener_in(const struct table *table, const char *path, const char *name)
{
	struct stat folder;

	if (stat(path, &folder) < 0)
		return false;
	for (size_t n = 0; n < table->count; n++) {
		if (holds_listener(&table->services[n], &folder, name))
			return true;
	}
	return false;
}

/* Removes the link before its directory, if it leads there. */
static void remove_link(int base, const char *word)
{
	char *copy = strdup(word + directory_name_length(word) + 1);
	struct buf target = { 0 };
	const char *last = NULL;
	int at = copy ? open_parent(base, copy, &last) : -1;

	directory_link_target(word, &target);
	if (at >= 0 && !target.failed && directory_points_to(at, last, buf_string(&target)))
		unlinkat(at, last, 0);
	buf_free(&target);
	fd_close(&at);
	free(copy);
}

static void remove_runtime_directory(const struct table *table, const char *base, const char *word, bool at_once)
{
	size_t length = directory_name_length(word);
	char *name = strndup(word, length);
	struct buf path = { 0 };
	int above = open(base, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	buf_addf(&path, "%s/%s", base, name ? name : "");
	if (above >= 0 && name && !path.failed && !any_listener_in(table, buf_string(&path), name)) {
		if (word[length])
			remove_link(above, word);
		directories_discard(above, name, at_once);
	}
	fd_close(&above);
	buf_free(&path);
	free(name);
}

void directories_remove(const struct table *table, const struct service *service,
			const struct process_defaults *defaults, bool stays, bool at_once)
{
	unsigned preserve = service->groups->directories->runtime_directory_preserve;
	words names = service->groups->environment->runtime_directory;

	if (preserve == DIRECTORY_STAYS || (preserve == DIRECTORY_RESTARTS && stays))
		return;
	for (; names && *names; names++)
		remove_runtime_directory(table, defaults->runtime_directory, *names, at_once);
}
