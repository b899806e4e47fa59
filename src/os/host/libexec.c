/* Finds the programs that belong to superd, such as superd-builtin.
 *
 * An installed superd takes them from the configured folder. A superd that lies elsewhere (a build folder, below
 * DESTDIR, a copied tree) also searches near itself. It runs what it finds with its own rights. So it trusts only
 * folders that nobody can change who could not replace superd itself: otherwise anybody who may write to /tmp could put
 * a /tmp/libexec beside a superd that root tries out in /tmp/x. */
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

#define PLACES 4

struct libexec_dirs {
	char path[PLACES][PATH_MAX];    /* folders; "": none */
};

/* The folder superd's program lies in. false: it can't be told, or not whole. */
static bool own_folder(char folder[PATH_MAX])
{
	ssize_t length = readlink("/proc/self/exe", folder, PATH_MAX - 1);
	const char *started = (const char *)(uintptr_t)getauxval(AT_EXECFN);
	char *slash;

	if (length > 0)
		folder[length] = '\0';
	else if (started && started[0] == '/' && strlen(started) < PATH_MAX)
		memcpy(folder, started, strlen(started) + 1);   /* no /proc: as it was called */
	else
		return false;
	slash = strrchr(folder, '/');
	if (folder[0] != '/' || !slash)
		return false;
	*slash = '\0';
	return true;
}

/* The first `length` characters of a folder, then rest. */
static void put_place(char place[PATH_MAX], const char *folder, size_t length, const char *rest)
{
	if (snprintf(place, PATH_MAX, "%.*s%s", (int)length, folder, rest) >= PATH_MAX)
		place[0] = '\0';
}

/* Whether the first folder is the second or above it. */
static bool is_above(const char *above, const char *folder)
{
	size_t length = strlen(above);

	return !strcmp(above, "/") || (!strncmp(above, folder, length) && (folder[length] == '/' || !folder[length]));
}

/* Whether nobody but root, ourselves and those who may write to superd's own folder may write to this one. */
static bool is_theirs(const struct stat *folder, const struct stat *own)
{
	mode_t shared = own->st_mode & S_ISVTX ? 0 : own->st_mode;

	if (folder->st_uid != 0 && folder->st_uid != geteuid() && folder->st_uid != own->st_uid)
		return false;
	if (folder->st_mode & S_IWGRP && !(shared & S_IWGRP && folder->st_gid == own->st_gid))
		return false;
	return !(folder->st_mode & S_IWOTH) || shared & S_IWOTH;
}

/* A folder above superd's own is theirs who can exchange that; but where it is sticky, what is there can only be added
 * to, which is of no use above a place that is there. */
static bool is_believed_folder(const char *path, const char *own_path, const struct stat *own, bool is_place)
{
	struct stat status;

	if (stat(path, &status) < 0)
		return false;
	if (is_theirs(&status, own))
		return true;
	return status.st_mode & S_ISVTX ? !is_place && (status.st_uid == 0 || status.st_uid == geteuid())
					: is_above(path, own_path);
}

/* Looks at the place itself and all folders above it, and gives its path without links, which somebody could change
 * afterwards. */
static bool is_believed(const char *place, char real[PATH_MAX])
{
	char path[PATH_MAX], folder[PATH_MAX], *slash;
	struct stat own;
	bool is_place = true;

	memcpy(real, place, strlen(place) + 1);
	if (!strcmp(place, PKGLIBEXECDIR))
		return true;            /* as superd was configured */
	if (!realpath(place, real) || !realpath(real, path) || !own_folder(folder) || stat(folder, &own) < 0)
		return false;
	while (is_believed_folder(path, folder, &own, is_place)) {
		if (!path[1])
			return true;
		slash = strrchr(path, '/');
		slash[slash == path] = '\0';
		is_place = false;
	}
	return false;
}

static void find_places(struct libexec_dirs *places)
{
	static const char sbin[] = SBINDIR;
	char folder[PATH_MAX];
	size_t length, end = sizeof(sbin) - 1;

	memset(places, 0, sizeof(*places));
	put_place(places->path[PLACES - 1], "", 0, PKGLIBEXECDIR);
	if (!own_folder(folder) || !strcmp(folder, sbin))
		return;
	length = strlen(folder);
	if (length > end && !strcmp(folder + length - end, sbin))
		put_place(places->path[0], folder, length - end, PKGLIBEXECDIR);
	put_place(places->path[2], folder, length, "");
	while (length && folder[length - 1] != '/')
		length--;
	put_place(places->path[1], folder, length, "libexec/superd");
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

static bool has_program(const char *place, const char *name, char path[PATH_MAX])
{
	return snprintf(path, PATH_MAX, "%s/%s", place, name) < PATH_MAX && is_program(path);
}

const char *libexec_path(const char *name, struct pool *pool)
{
	struct libexec_dirs *places = malloc(sizeof(*places));
	char path[PATH_MAX], real[PATH_MAX];
	const char *found = NULL;

	if (!places) {
		errno = ENOMEM;
		return NULL;
	}
	find_places(places);
	errno = ENOENT;
	for (size_t n = 0; n < PLACES && !found; n++) {
		if (!places->path[n][0] || !has_program(places->path[n], name, path) ||
		    !is_believed(places->path[n], real) || !has_program(real, name, path))
			continue;
		found = pool ? pool_text(pool, path) : strdup(path);
		if (!found) {
			errno = ENOMEM;
			break;
		}
	}
	free(places);
	return found;
}

/* It is there, and passed over. */
static bool is_disbelieved(const char *place, const char *name)
{
	char path[PATH_MAX], real[PATH_MAX];

	return has_program(place, name, path) && !is_believed(place, real);
}

void libexec_describe_missing(const char *name, struct buf *out)
{
	struct libexec_dirs *places = malloc(sizeof(*places));
	const char *comma = "";

	buf_addf(out, "superd's own program %s is missing", name);
	if (!places)
		return;
	find_places(places);
	buf_text(out, "; it was looked for in ");
	for (size_t n = 0; n < PLACES; n++) {
		if (!places->path[n][0])
			continue;
		buf_addf(out, "%s%s", comma, places->path[n]);
		if (is_disbelieved(places->path[n], name))
			buf_text(out, " (not believed, as others may write there)");
		comma = ", ";
	}
	free(places);
}
