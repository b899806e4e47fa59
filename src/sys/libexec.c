/* Finding superd's small programs. The hard thing is that superd may not lie where it was configured to: in a build
 * folder, below a DESTDIR, in a copied tree. So its own path is asked for first, and what it was configured for comes
 * last. */
#include "sys/libexec.h"

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

struct places {
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

static void find_places(struct places *places)
{
	static const char sbin[] = SBINDIR;
	char folder[PATH_MAX];
	size_t length;

	memset(places, 0, sizeof(*places));
	put_place(places->path[3], "", 0, PKGLIBEXECDIR);
	if (!own_folder(folder))
		return;
	length = strlen(folder);
	if (length > sizeof(sbin) - 1 && !strcmp(folder + length - (sizeof(sbin) - 1), sbin))
		put_place(places->path[0], folder, length - (sizeof(sbin) - 1), PKGLIBEXECDIR);
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

const char *libexec_path(const char *name, struct pool *pool)
{
	struct places *places = malloc(sizeof(*places));
	char path[PATH_MAX];
	const char *found = NULL;

	if (!places) {
		errno = ENOMEM;
		return NULL;
	}
	find_places(places);
	errno = ENOENT;
	for (size_t n = 0; n < PLACES && !found; n++) {
		if (!places->path[n][0] || snprintf(path, sizeof(path), "%s/%s", places->path[n], name) >= PATH_MAX ||
		    !is_program(path))
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

void libexec_describe_missing(const char *name, struct buf *out)
{
	struct places *places = malloc(sizeof(*places));
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
		comma = ", ";
	}
	free(places);
}
