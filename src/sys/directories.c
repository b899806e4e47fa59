/* Directories of a service. The hard thing is removal as root of what another user filled: it goes by descriptor,
 * so no symlink leads it astray, and it stops at other file systems. */
#include "sys/directories.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#ifdef HAVE_SYS_SYSCALL_H
#include <sys/syscall.h>
#endif

#include "base/fd.h"
#include "model/wording.h"

#define DEPTH_MOST 32

/* The next part of a path, NULL behind the last. */
static char *next_part(char **rest)
{
	char *part = strsep(rest, "/");

	while (part && !*part)
		part = strsep(rest, "/");
	return part;
}

/* One part at a time, so that no symlink on the way is followed: what lies below a user's directory is as the user
 * wants it. */
static int enter(int at, const char *part)
{
	int next = part ? openat(at, part, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) : -1;

	fd_close(&at);
	return next;
}

/* Makes each missing part of base/name. *fresh: the last was missing. Gives a descriptor of it, or -1. */
static int make_path(int base, const char *name, size_t length, bool *fresh)
{
	char *copy = strndup(name, length), *rest = copy, *part;
	int at = copy ? fcntl(base, F_DUPFD_CLOEXEC, 3) : -1;

	*fresh = false;
	while (at >= 0 && (part = next_part(&rest))) {
		*fresh = mkdirat(at, part, 0755) == 0;
		if (!*fresh && errno != EEXIST)
			fd_close(&at);
		else
			at = enter(at, part);
	}
	free(copy);
	return at;
}

/* The last folder belongs to the user. The mode of one that was there is the administrator's, unless the table has
 * it. */
static bool settle_folder(const struct service *service, const struct directory_kind *kind, int folder, bool fresh)
{
	const struct account *account = service->account;

	if ((fresh || service_mark(service, kind->mode_option)) && fchmod(folder, kind->mode) < 0)
		return false;
	return !kind->is_owned || !account || !account->switches || fchown(folder, account->uid, account->gid) == 0;
}

static bool points_to(int at, const char *link, const char *target)
{
	char there[PATH_MAX];
	ssize_t length = readlinkat(at, link, there, sizeof(there) - 1);

	if (length < 0)
		return false;
	there[length] = '\0';
	return !strcmp(there, target);
}

/* A link beside the folder, which leads to it from wherever it lies below the base. */
static bool make_link(int base, const char *name, size_t length, const char *link)
{
	const char *last = strrchr(link, '/') ? strrchr(link, '/') + 1 : link;
	struct buf target = { 0 };
	bool fresh, good;
	const char *to;
	int at = make_path(base, link, (size_t)(last - link), &fresh);

	for (const char *slash = strchr(link, '/'); slash; slash = strchr(slash + 1, '/'))
		buf_text(&target, "../");
	buf_add(&target, name, length);
	to = buf_string(&target);
	good = at >= 0 && !target.failed &&
	       (symlinkat(to, at, last) == 0 || (errno == EEXIST && points_to(at, last, to)));
	buf_free(&target);
	fd_close(&at);
	return good;
}

static bool make_folder(const struct service *service, const struct directory_kind *kind, int base, const char *word)
{
	size_t length = directory_name_length(word);
	bool fresh, good;
	int folder = make_path(base, word, length, &fresh);

	if (folder < 0)
		return false;
	good = settle_folder(service, kind, folder, fresh);
	fd_close(&folder);
	return good && (!word[length] || make_link(base, word, length, word + length + 1));
}

/* The base and what is missing above it. Unlike what lies below, it is the administrator's own and may be reached
 * by a symlink. Where it can't be made, opening it tells why. */
static int open_base(const char *base)
{
	char *copy = strdup(base);

	if (!copy)
		return -1;
	for (char *slash = strchr(copy + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(copy, 0755);
		*slash = '/';
	}
	free(copy);
	mkdir(base, 0755);
	return open(base, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static bool prepare(const struct service *service, const struct directory_kind *kind, struct buf *why)
{
	bool good = true;
	int base;

	if (!kind->names || !kind->names[0])
		return true;
	base = open_base(kind->base);
	for (size_t n = 0; good && kind->names[n]; n++) {
		good = base >= 0 && make_folder(service, kind, base, kind->names[n]);
		if (good)
			continue;
		buf_addf(why, "%s: %s/%s: %s", wording_of(service, kind->option), kind->base, kind->names[n],
			 strerror(errno));
		origin_cite(service_origin(service, kind->option), why);
	}
	fd_close(&base);
	return good;
}

bool directories_prepare(const struct service *service, const struct heritage *heritage, struct buf *why)
{
	struct directory_kind kinds[DIRECTORY_KINDS];

	directories_of(service, heritage, kinds);
	for (size_t n = 0; n < DIRECTORY_KINDS; n++) {
		if (!prepare(service, &kinds[n], why))
			return false;
	}
	return true;
}

/* Opens a directory to empty it, unless something is mounted there. Without openat2 (Linux 5.6) the device has to
 * tell, which it can't for a bind mount. */
static int open_unmounted(int at, const char *name)
{
	int fd, flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	struct stat outer, inner;
#ifdef SYS_openat2
	struct { uint64_t flags, mode, resolve; } how = { (uint64_t)flags, 0, 1 /* RESOLVE_NO_XDEV */ };

	fd = (int)syscall(SYS_openat2, at, name, &how, sizeof(how));
	if (fd >= 0 || (errno != ENOSYS && errno != EPERM))
		return fd;
#endif
	fd = openat(at, name, flags);
	if (fd >= 0 && (fstat(at, &outer) < 0 || fstat(fd, &inner) < 0 || outer.st_dev != inner.st_dev))
		fd_close(&fd);
	return fd;
}

static void empty(int directory, int depth)
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
		if (unlinkat(dirfd(stream), entry->d_name, 0) == 0 || depth == DEPTH_MOST)
			continue;
		inner = open_unmounted(dirfd(stream), entry->d_name);
		if (inner < 0)
			continue;
		empty(inner, depth + 1);
		unlinkat(dirfd(stream), entry->d_name, AT_REMOVEDIR);
	}
	closedir(stream);
}

/* A folder may be told in two ways, as /run/a and /var/run/a: what ends like it is looked at. */
static bool is_above(const struct stat *folder, const char *name, const char *address)
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

		if (endpoint_is_path(endpoint) && is_above(folder, name, endpoint->address))
			return true;
	}
	return false;
}

static void remove_path(const char *base, char *name)
{
	int at = open(base, O_RDONLY | O_DIRECTORY | O_CLOEXEC), directory;
	char *rest = name, *part = next_part(&rest), *next;

	for (; at >= 0 && (next = next_part(&rest)); part = next)
		at = enter(at, part);
	directory = at >= 0 && part ? open_unmounted(at, part) : -1;
	if (directory >= 0) {
		empty(directory, 0);
		unlinkat(at, part, AT_REMOVEDIR);
	}
	fd_close(&at);
}

void directories_remove_tree(const char *base, const char *name)
{
	char *copy = strdup(name);

	if (copy)
		remove_path(base, copy);
	free(copy);
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

/* The link goes first, and only one that leads there. */
static void remove_link(const char *folder, const char *link)
{
	struct stat status;
	struct buf path = { 0 };

	buf_addf(&path, "%s/%s", folder, link);
	if (!path.failed && lstat(buf_string(&path), &status) == 0 && S_ISLNK(status.st_mode))
		unlink(buf_string(&path));
	buf_free(&path);
}

static void remove_one(const struct table *table, const char *base, const char *word)
{
	size_t length = directory_name_length(word);
	char *name = strndup(word, length);
	struct buf path = { 0 };

	buf_addf(&path, "%s/%s", base, name ? name : "");
	if (name && !path.failed && !any_listener_in(table, buf_string(&path), name)) {
		if (word[length])
			remove_link(base, word + length + 1);
		remove_path(base, name);
	}
	buf_free(&path);
	free(name);
}

void directories_remove(const struct table *table, const struct service *service, const struct heritage *heritage,
			bool stays)
{
	unsigned preserve = service->terms->folders->runtime_directory_preserve;
	words names = service->terms->surroundings->runtime_directory;

	if (preserve == DIRECTORY_STAYS || (preserve == DIRECTORY_RESTARTS && stays))
		return;
	for (; names && *names; names++)
		remove_one(table, heritage->runtime_directory, *names);
}
