/* Directories of a service. The hard thing is removal as root of what another user filled: it goes by descriptor, so no symlink leads
 * it astray, and it stops at other file systems. */
#include "sys/directories.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"

#define DEPTH_MOST 32

/* Makes each missing part of base/name; the last belongs to the user. Gives a descriptor of it, or -1. */
static int make_path(int base, const char *name, const struct account *account)
{
	char *copy = strdup(name), *rest = copy;
	int at = dup(base);

	while (at >= 0 && rest) {
		char *part = strsep(&rest, "/");
		bool last = !rest;
		int next;

		if (!*part)
			continue;
		if (mkdirat(at, part, 0755) < 0 && errno != EEXIST) {
			fd_close(&at);
			break;
		}
		next = openat(at, part, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		fd_close(&at);
		at = next;
		if (last && at >= 0 && account && account->switches && fchown(at, account->uid, account->gid) < 0)
			fd_close(&at);
	}
	free(copy);
	return at;
}

static bool prepare(const char *base, words names, const char *option, const struct account *account, struct buf *why)
{
	int at;

	if (!names || !names[0])
		return true;
	mkdir(base, 0755);
	at = open(base, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	for (size_t n = 0; names[n]; n++) {
		int made = at < 0 ? -1 : make_path(at, names[n], account);

		if (made < 0) {
			buf_addf(why, "%s: %s/%s: %s", option, base, names[n], strerror(errno));
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

	return prepare(heritage->runtime_directory, around->runtime_directory, "runtime_directory", service->account, why) &&
	       prepare(heritage->state_directory, around->state_directory, "state_directory", service->account, why);
}

static void empty(int directory, dev_t device, int depth)
{
	DIR *stream = fdopendir(directory);
	struct dirent *entry;

	if (!stream) {
		close(directory);
		return;
	}
	while ((entry = readdir(stream))) {
		struct stat status;
		int inner;

		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
			continue;
		if (fstatat(dirfd(stream), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) < 0 || status.st_dev != device)
			continue;
		if (!S_ISDIR(status.st_mode)) {
			unlinkat(dirfd(stream), entry->d_name, 0);
			continue;
		}
		inner = openat(dirfd(stream), entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (inner >= 0 && depth < DEPTH_MOST)
			empty(inner, device, depth + 1);
		else
			fd_close(&inner);
		unlinkat(dirfd(stream), entry->d_name, AT_REMOVEDIR);
	}
	closedir(stream);
}

static bool holds_listener(const struct service *service, const char *path)
{
	size_t length = strlen(path);

	for (size_t n = 0; n < service->socket_count; n++) {
		const struct endpoint *endpoint = service->sockets[n].endpoint;

		if (endpoint_is_path(endpoint) && !strncmp(endpoint->address, path, length) && endpoint->address[length] == '/')
			return true;
	}
	return false;
}

void directories_remove(const struct service *service, const struct heritage *heritage)
{
	words names = service->surroundings->runtime_directory;

	for (size_t n = 0; names && names[n]; n++) {
		struct buf path = { 0 };
		struct stat status;
		int directory;

		buf_addf(&path, "%s/%s", heritage->runtime_directory, names[n]);
		directory = holds_listener(service, buf_string(&path)) ? -1 :
			open(buf_string(&path), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (directory >= 0 && fstat(directory, &status) == 0) {
			empty(directory, status.st_dev, 0);
			rmdir(buf_string(&path));
		}
		buf_free(&path);
	}
}
