/* Finds the programs that belong to superd, such as superd-builtin.
 *
 * An installed superd takes them from the configured folder. A superd elsewhere (a build folder, below DESTDIR, a
 * copied tree) also searches near itself. It runs what it finds with its own rights. So it trusts a folder only if
 * those who can change it could also replace superd itself: otherwise any user who may write to /tmp could put a
 * /tmp/libexec beside a superd that root tries out in /tmp/x. */
#include "os/host/libexec.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <unistd.h>

#define LIBEXEC_DIRS 4

struct libexec_dirs {
	char path[LIBEXEC_DIRS][PATH_MAX]; /* folders to search, in order; "": none */
};

/* Finds the folder of superd's own program. false: it is unknown or too long. */
static bool find_own_folder(char folder[PATH_MAX])
{
	ssize_t length = readlink("/proc/self/exe", folder, PATH_MAX - 1);
	const char *started = (const char *)(uintptr_t)getauxval(AT_EXECFN);
	char *slash;

	if (length > 0)
		folder[length] = '\0';
	else if (started && started[0] == '/' && strlen(started) < PATH_MAX)
		/* No /proc: the path given to execve(2), see getauxval(3). */
		memcpy(folder, started, strlen(started) + 1);
	else
		return false;
	slash = strrchr(folder, '/');
	if (folder[0] != '/' || !slash)
		return false;
	*slash = '\0';
	return true;
}

/* Sets a folder to the first `length` characters of `folder`, then `rest`. */
static void set_dir(char dir[PATH_MAX], const char *folder, size_t length, const char *rest)
{
	if (snprintf(dir, PATH_MAX, "%.*s%s", (int)length, folder, rest) >= PATH_MAX)
		dir[0] = '\0';
}

/* Whether `above` is `folder` or a folder above it. */
static bool contains_folder(const char *above, const char *folder)
{
	size_t length = strlen(above);

	return !strcmp(above, "/") || (!strncmp(above, folder, length) && (folder[length] == '/' || !folder[length]));
}

/* Whether only root, superd's user, and those who may write to superd's own folder may write to this folder. */
static bool is_as_safe_as_own(const struct stat *folder, const struct stat *own)
{
	mode_t shared = own->st_mode & S_ISVTX ? 0 : own->st_mode;

	if (folder->st_uid != 0 && folder->st_uid != geteuid() && folder->st_uid != own->st_uid)
		return false;
	if (folder->st_mode & S_IWGRP && !(shared & S_IWGRP && folder->st_gid == own->st_gid))
		return false;
	return !(folder->st_mode & S_IWOTH) || shared & S_IWOTH;
}

/* Whether a folder on the way to a search folder is trusted. A folder above superd's own is, as whoever may write there
 * could replace superd. In another sticky folder users can only add names, which does no harm above a search folder
 * that exists. */
static bool is_trusted_ancestor(const char *path, const char *own_path, const struct stat *own, bool is_dir)
{
	struct stat status;

	if (stat(path, &status) < 0)
		return false;
	if (is_as_safe_as_own(&status, own))
		return true;
	return status.st_mode & S_ISVTX ? !is_dir && (status.st_uid == 0 || status.st_uid == geteuid())
					: contains_folder(path, own_path);
}

/* Checks the search folder and all folders above it. Writes its path without links, which could be changed
 * afterwards. */
static bool is_trusted_dir(const char *dir, char real[PATH_MAX])
{
	char path[PATH_MAX], folder[PATH_MAX], *slash;
	struct stat own;
	bool is_dir = true;

	memcpy(real, dir, strlen(dir) + 1);
	if (!strcmp(dir, PKGLIBEXECDIR))
		return true;            /* the configured folder is always trusted */
	if (!realpath(dir, real) || !realpath(real, path) || !find_own_folder(folder) || stat(folder, &own) < 0)
		return false;
	while (is_trusted_ancestor(path, folder, &own, is_dir)) {
		if (!path[1])
			return true;
		slash = strrchr(path, '/');
		slash[slash == path] = '\0';
		is_dir = false;
	}
	return false;
}

static void list_dirs(struct libexec_dirs *dirs)
{
	static const char sbin[] = SBINDIR;
	char folder[PATH_MAX];
	size_t length, end = sizeof(sbin) - 1;

	memset(dirs, 0, sizeof(*dirs));
	set_dir(dirs->path[LIBEXEC_DIRS - 1], "", 0, PKGLIBEXECDIR);
	if (!find_own_folder(folder) || !strcmp(folder, sbin))
		return;
	length = strlen(folder);
	if (length > end && !strcmp(folder + length - end, sbin))
		set_dir(dirs->path[0], folder, length - end, PKGLIBEXECDIR);
	set_dir(dirs->path[2], folder, length, "");
	while (length && folder[length - 1] != '/')
		length--;
	set_dir(dirs->path[1], folder, length, "libexec/superd");
}

static bool is_program(const char *path)
{
	struct stat status;

	if (stat(path, &status) < 0)
		return false;
	if (S_ISREG(status.st_mode) && status.st_mode & 0111)
		return true;
	errno = EACCES;
	return false;
}

static bool has_program(const char *dir, const char *name, char path[PATH_MAX])
{
	return snprintf(path, PATH_MAX, "%s/%s", dir, name) < PATH_MAX && is_program(path);
}

const char *libexec_path(const char *name, struct pool *pool)
{
	struct libexec_dirs *dirs = malloc(sizeof(*dirs));
	char path[PATH_MAX], real[PATH_MAX];
	const char *found = NULL;
	int error = ENOENT;

	if (!dirs) {
		errno = ENOMEM;
		return NULL;
	}
	list_dirs(dirs);
	for (size_t n = 0; n < LIBEXEC_DIRS && !found; n++) {
		errno = 0;
		if (dirs->path[n][0] && has_program(dirs->path[n], name, path) &&
		    is_trusted_dir(dirs->path[n], real) && has_program(real, name, path)) {
			found = pool ? pool_text(pool, path) : strdup(path);
			if (!found) {
				error = ENOMEM;
				break;
			}
		} else if (error == ENOENT && errno && errno != ENOTDIR) {
			error = errno;
		}
	}
	free(dirs);
	errno = error;
	return found;
}

/* Whether the program exists there but is ignored. */
static bool has_untrusted_program(const char *dir, const char *name)
{
	char path[PATH_MAX], real[PATH_MAX];

	return has_program(dir, name, path) && !is_trusted_dir(dir, real);
}

void libexec_describe_missing(const char *name, struct buf *out)
{
	struct libexec_dirs *dirs;
	const char *comma = "";
	int error = errno;

	buf_addf(out, "superd's own program %s is missing", name);
	if (error && error != ENOENT)
		buf_addf(out, " (%s)", strerror(error));
	dirs = malloc(sizeof(*dirs));
	if (!dirs)
		return;
	list_dirs(dirs);
	buf_text(out, "; superd searched ");
	for (size_t n = 0; n < LIBEXEC_DIRS; n++) {
		if (!dirs->path[n][0])
			continue;
		buf_addf(out, "%s%s", comma, dirs->path[n]);
		if (has_untrusted_program(dirs->path[n], name))
			buf_text(out, " (not believed, as others may write there)");
		comma = ", ";
	}
	free(dirs);
}
