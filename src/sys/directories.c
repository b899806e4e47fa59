/* Directories of a service. The hard thing is removal as root of what another user filled: it goes by descriptor,
 * so no symlink leads it astray, and it stops at other file systems. */
#include "sys/directories.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#ifdef HAVE_SYS_SYSCALL_H
#include <sys/syscall.h>
#endif

#include "base/fd.h"

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

/* Makes each missing part of base/name; the last belongs to the user. Gives a descriptor of it, or -1. */
static int make_path(int base, const char *name, const struct account *account)
{
	char *copy = strdup(name), *rest = copy, *part;
	int at = copy ? fcntl(base, F_DUPFD_CLOEXEC, 3) : -1;

	while (at >= 0 && (part = next_part(&rest))) {
		if (mkdirat(at, part, 0755) < 0 && errno != EEXIST)
			fd_close(&at);
		else
			at = enter(at, part);
	}
	if (at >= 0 && account && account->switches && fchown(at, account->uid, account->gid) < 0)
		fd_close(&at);
	free(copy);
	return at;
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

static bool prepare(const struct service *service, const char *base, words names, const char *option, struct buf *why)
{
	int at;

	if (!names || !names[0])
		return true;
	at = open_base(base);
	for (size_t n = 0; names[n]; n++) {
		int made = at < 0 ? -1 : make_path(at, names[n], service->account);

		if (made < 0) {
			buf_addf(why, "%s: %s/%s: %s", option, base, names[n], strerror(errno));
			origin_cite(service_origin(service, option), why);
			fd_close(&at);
			return false;
		}
		close(made);
	}
	close(at);
	return true;
}

bool directories_prepare(const struct service *service, const struct heritage *heritage, struct buf *why)
{
	const struct surroundings *around = service->surroundings;

	return prepare(service, heritage->runtime_directory, around->runtime_directory, "runtime_directory", why) &&
		prepare(service, heritage->state_directory, around->state_directory, "state_directory", why);
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

static bool holds_listener(const struct service *service, const char *path)
{
	size_t length = strlen(path);

	for (size_t n = 0; n < service->socket_count; n++) {
		const struct endpoint *endpoint = service->sockets[n].endpoint;

		if (endpoint_is_path(endpoint) && !strncmp(endpoint->address, path, length) &&
		    endpoint->address[length] == '/')
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

static bool any_listener_in(const struct table *table, const char *path)
{
	for (size_t n = 0; n < table->count; n++) {
		if (holds_listener(&table->services[n], path))
			return true;
	}
	return false;
}

void directories_remove(const struct table *table, const struct service *service, const struct heritage *heritage)
{
	words names = service->surroundings->runtime_directory;

	for (size_t n = 0; names && names[n]; n++) {
		struct buf path = { 0 };
		char *name = strdup(names[n]);

		buf_addf(&path, "%s/%s", heritage->runtime_directory, names[n]);
		if (name && !path.failed && !any_listener_in(table, buf_string(&path)))
			remove_path(heritage->runtime_directory, name);
		buf_free(&path);
		free(name);
	}
}
