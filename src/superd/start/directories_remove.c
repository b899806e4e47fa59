/* Removes directories of a service.
 *
 * They may be full, so superd renames each, and superd-exec removes it: the next start finds the old name free. superd
 * walks by descriptor, so no symlink can divert it. */
#include "superd/start/directories.h"

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
#include <time.h>
#include <unistd.h>

#include "lib/fd.h"
#include "superd/start/directories_internal.h"
#include "superd/start/removal.h"

#define ASIDE ".superd-"
#define ASIDE_DIGITS 16
#define SWEEP_MOST 64                   /* removals at a start of superd, a base; the next start begins more */

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

/* Moves the folder to the base, which no other user can write, so that it cannot be replaced; or, if it is on another
 * file system or superd may not write there, only aside. */
static bool discard_at(int base, int at, const char *name)
{
	char aside[sizeof(ASIDE) + ASIDE_DIGITS];
	struct stat status;
	int error;

	if (fstatat(at, name, &status, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT;
	if (!S_ISDIR(status.st_mode) || unlinkat(at, name, AT_REMOVEDIR) == 0)
		return true;
	snprintf(aside, sizeof(aside), ASIDE "%016" PRIx64, directories_number());
	if (renameat(at, name, base, aside) < 0) {
		base = at;
		if (renameat(at, name, at, aside) < 0)
			return errno == EBUSY;  /* a mount point stays */
	}
	if (removal_of_folder(base, aside, at, name))
		return true;
	error = errno;
	renameat(base, aside, at, name);
	errno = error;
	return false;
}

bool directories_discard(int base, const char *name)
{
	char *copy = strdup(name);
	const char *last = NULL;
	int at = copy ? open_parent(base, copy, &last) : -1;
	bool good = at >= 0 ? discard_at(base, at, last) : copy && errno == ENOENT;

	fd_close(&at);
	free(copy);
	return good;
}

static bool is_aside(int base, const char *name)
{
	const char *digits = name + sizeof(ASIDE) - 1;
	struct stat status;

	return !strncmp(name, ASIDE, sizeof(ASIDE) - 1) && strlen(digits) == ASIDE_DIGITS &&
	       strspn(digits, "0123456789abcdef") == ASIDE_DIGITS &&
	       fstatat(base, name, &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(status.st_mode);
}

void directories_sweep(const char *base, struct buf *left)
{
	DIR *stream = opendir(base);
	struct dirent *entry;
	struct stat status;
	int count = 0, at = stream ? dirfd(stream) : -1;

	if (stream && fstat(at, &status) == 0 && (status.st_uid == 0 || status.st_uid == geteuid()) &&
	    !(status.st_mode & (S_IWGRP | S_IWOTH)) && faccessat(AT_FDCWD, base, W_OK, AT_EACCESS) == 0) {
		while (count < SWEEP_MOST && (entry = readdir(stream))) {
			if (!is_aside(at, entry->d_name))
				continue;
			count++;
			if (!removal_of_folder(at, entry->d_name, -1, NULL))
				buf_addf(left, "%s%s/%s: %s", left->length ? ", " : "", base, entry->d_name,
					 strerror(errno));
		}
	}
	if (stream)
		closedir(stream);
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

static bool remove_runtime_directory(const struct table *table, const char *base, const char *word)
{
	size_t length = directory_name_length(word);
	char *name = strndup(word, length);
	struct buf path = { 0 };
	int above = open(base, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool good = above >= 0 || errno == ENOENT;

	buf_addf(&path, "%s/%s", base, name ? name : "");
	if (above >= 0 && name && !path.failed && !any_listener_in(table, buf_string(&path), name)) {
		if (word[length])
			remove_link(above, word);
		good = directories_discard(above, name);
	}
	fd_close(&above);
	buf_free(&path);
	free(name);
	return good;
}

bool directories_remove(const struct table *table, const struct service *service,
			const struct process_defaults *defaults, bool stays)
{
	unsigned preserve = service->groups->directories->runtime_directory_preserve;
	words names = service->groups->environment->runtime_directory;
	int error = 0;

	if (preserve == DIRECTORY_STAYS || (preserve == DIRECTORY_RESTARTS && stays))
		return true;
	for (; names && *names; names++)
		error = remove_runtime_directory(table, defaults->runtime_directory, *names) ? error : errno;
	errno = error;
	return !error;
}
