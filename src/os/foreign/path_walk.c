/* Source: path_resolution(7), open(2) on O_PATH, symlink(7). */
#include "os/foreign/foreign.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "lib/fd.h"
#include "os/fs/fs.h"
#include "os/rights/rights.h"

#define LINKS_MOST 40                   /* as the kernel: MAXSYMLINKS */
#define FUSE 0x65735546                 /* FUSE_SUPER_MAGIC */
#define AUTOFS 0x0187                   /* AUTOFS_SUPER_MAGIC */
#define NO_USER ((uid_t)-2)
#define NOBODY 65534

/* What is left of a path. */
struct way {
	char rest[PATH_MAX];
	int folder;                     /* from where: O_PATH; -1: the walk has failed */
	struct stat status;             /* of it */
	int links;                      /* links followed so far */
	bool is_behind_link;            /* that another user controls */
};

static bool enter(struct way *way, int folder)
{
	fd_close(&way->folder);
	way->folder = folder;
	return folder >= 0 && fstat(folder, &way->status) == 0;
}

static bool enter_root(struct way *way)
{
	return enter(way, open("/", O_PATH | O_DIRECTORY | O_CLOEXEC));
}

/* Whether another user than root and superd's own can change this part, or what lies in it; and which. */
static bool find_user(const struct way *way, int part, const struct stat *status, uid_t *user)
{
	bool is_shared = way->status.st_mode & (S_IWGRP | S_IWOTH);
	struct statfs system;

	*user = status->st_uid;
	if (!path_uid_is_own(*user))    /* only root put a user's file here, which he may not be allowed to reach */
		return S_ISDIR(status->st_mode) || S_ISLNK(status->st_mode) || is_shared;
	*user = NO_USER;
	if (S_ISDIR(status->st_mode) && (status->st_mode & (S_IWOTH | S_ISVTX)) == S_IWOTH)
		return true;
	if (status->st_dev == way->status.st_dev || (fstatfs(part, &system) == 0 && system.f_type != FUSE))
		return false;
	*user = path_fuse_user(status->st_dev); /* a FUSE may say that its files are root's */
	return !path_uid_is_own(*user);
}

static bool take_rights(struct path_walk *walk, uid_t user)
{
	const struct account own = { .uid = geteuid(), .gid = getegid(), .keeps_groups = true };
	const struct account *account = walk->account && walk->account->switches ? walk->account : &own;

	walk->is_users = true;
	walk->owner = user;
	if (geteuid() != 0)             /* it cannot become another user, but has no need of its capabilities */
		walk->user = own;
	else
		walk->user = act_as_whom(user, account);
	return act_as_begin(&walk->before, &walk->user);
}

/* Cuts the next part off the rest; at the end it is "." */
static bool next_part(struct way *way, char name[NAME_MAX + 1], bool *is_last)
{
	size_t skip = strspn(way->rest, "/"), length = strcspn(way->rest + skip, "/");
	const char *behind = way->rest + skip + length;

	errno = ENAMETOOLONG;
	if (length > NAME_MAX)
		return false;
	snprintf(name, NAME_MAX + 1, "%.*s", length ? (int)length : 1, length ? way->rest + skip : ".");
	*is_last = !behind[strspn(behind, "/")];
	memmove(way->rest, behind, strlen(behind) + 1);
	return true;
}

/* O_PATH alone leaves what automounts as it is. */
static int open_automount(const struct way *way, const char *name)
{
	char inside[NAME_MAX + sizeof("/.")];

	snprintf(inside, sizeof(inside), "%s/.", name);
	return openat(way->folder, inside, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

static int open_part(const struct way *way, const char *name, enum path_missing missing)
{
	int part = openat(way->folder, name, O_PATH | O_NOFOLLOW | O_CLOEXEC), made = -1;
	struct statfs system;

	if (part >= 0 && fstatfs(part, &system) == 0 && system.f_type == AUTOFS) {
		fd_close(&part);
		return open_automount(way, name);
	}
	if (part >= 0 || errno != ENOENT || missing == PATH_STAYS_MISSING)
		return part;
	if (missing == PATH_MADE_FILE)
		made = openat(way->folder, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0444);
	if (missing == PATH_MADE_FILE ? made < 0 : mkdirat(way->folder, name, 0755) < 0)
		return -1;
	fd_close(&made);
	return openat(way->folder, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
}

/* Puts a link's text in front of the rest. */
static bool follow_link(struct way *way, int link, bool is_users)
{
	char target[PATH_MAX], whole[PATH_MAX];
	ssize_t length = readlinkat(link, "", target, sizeof(target) - 1);

	if (length < 0)
		return false;
	target[length] = '\0';
	errno = ++way->links > LINKS_MOST ? ELOOP : ENAMETOOLONG;
	if (way->links > LINKS_MOST || snprintf(whole, sizeof(whole), "%s/%s", target, way->rest) >= (int)sizeof(whole))
		return false;
	memcpy(way->rest, whole, strlen(whole) + 1);
	way->is_behind_link |= is_users;
	return *target != '/' || enter_root(way);
}

/* Goes on by one part. Returns what the path leads to; -1: there is more to go, or with `folder` -1 it failed. */
static int walk_part(struct path_walk *walk, struct way *way, enum path_missing missing)
{
	bool is_last = true, good = next_part(way, walk->name, &is_last);
	int part = good ? open_part(way, walk->name, missing && !is_last ? PATH_MADE_FOLDER : missing) : -1;
	struct stat status;
	uid_t user;

	good = part >= 0 && fstat(part, &status) == 0 &&
	       (walk->is_users || !find_user(way, part, &status, &user) || take_rights(walk, user));
	if (good && S_ISLNK(status.st_mode)) {
		good = follow_link(way, part, walk->is_users);
	} else if (good && is_last) {
		good = !way->is_behind_link || status.st_uid == walk->owner;
		if (good)
			return part;
		errno = ELOOP;
	} else if (good) {
		good = enter(way, part);
		part = -1;
	}
	fd_close(&part);
	if (!good)
		fd_close(&way->folder);
	return -1;
}

int path_walk(struct path_walk *walk, int at, const char *path, enum path_missing missing)
{
	struct way way = { .folder = -1 };
	struct stat status;
	int part = -1;

	fd_close(&walk->folder);
	if (!walk->is_users)
		raw_raise_effective();  /* superd has lowered its own (os/rights/rights) */
	errno = ENAMETOOLONG;
	if (snprintf(way.rest, sizeof(way.rest), "%s", path) >= (int)sizeof(way.rest) ||
	    !(at < 0 ? enter_root(&way) : enter(&way, fcntl(at, F_DUPFD_CLOEXEC, 0))))
		fd_close(&way.folder);
	while (part < 0 && way.folder >= 0)
		part = walk_part(walk, &way, missing);
	if (part >= 0 && fstat(part, &status) == 0 && S_ISDIR(status.st_mode)) {
		/* Its user may not be allowed to enter the folder above. */
		fd_close(&way.folder);
		way.folder = fcntl(part, F_DUPFD_CLOEXEC, 0);
		memcpy(walk->name, ".", sizeof("."));
	}
	walk->folder = way.folder;
	return part;
}

void path_walk_note_namespace(void)
{
	if (geteuid() == 0)
		path_uid_is_own(NOBODY);        /* its answer stays as it is */
}

bool path_walk_end(struct path_walk *walk)
{
	int error = errno;

	fd_close(&walk->folder);
	if (walk->is_users && !act_as_end(&walk->before))
		return false;
	walk->is_users = false;
	errno = error;
	return true;
}
