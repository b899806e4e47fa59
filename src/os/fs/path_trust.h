/* Whether a path leads where superd's administrator meant it to: who, apart from root and superd's own user, can change
 * what one of its names stands for, or keep whoever looks it up waiting.
 *
 * superd may open, stat or execute a path itself only when this finds nothing. Otherwise the user who owns a folder on
 * the way can put a link there, or mount a file system of his own (FUSE) that never answers. */
#pragma once

#include <limits.h>
#include <stdbool.h>
#include <sys/types.h>

#include "base/buf.h"
#include "config/service/service.h"

/* What may be wrong with a path; a caller asks for those that matter to him. */
enum path_flaw {
	PATH_NO_FLAW = 0,
	PATH_OWNER = 1,         /* a folder on the way belongs to another user */
	PATH_GROUP = 2,         /* a folder on the way can be written by a group (not where it is sticky) */
	PATH_WORLD = 4,         /* a folder on the way can be written by everybody (not where it is sticky) */
	PATH_REMOTE = 8,        /* it is on FUSE, on a network's file system, or on one of a kind unknown here */
	PATH_FILE = 16,         /* the file itself belongs to another user, or others can write it */
	PATH_BROKEN = 32,       /* too long, too many links: it leads nowhere; always looked for */
};

#define PATH_ANY_FLAW (PATH_OWNER | PATH_GROUP | PATH_WORLD | PATH_REMOTE | PATH_FILE)

/* Where a flaw was found. */
struct path_finding {
	enum path_flaw flaw;            /* PATH_NO_FLAW: none */
	char place[PATH_MAX];           /* the folder, or the file, as it is named without links */
	uid_t owner;                    /* of that; with PATH_REMOTE: who mounted a FUSE, 0 where that isn't known */
	gid_t group;
	char system[32];                /* with PATH_REMOTE: the file system's kind, as in proc(5)'s mountinfo */
	bool is_absent;                 /* the same of a name that may be a folder's on the way, which superd can make first */
	bool is_missing;                /* with PATH_WORLD: nothing has this name in place, which is sticky: others could take it */
};

/* The mounts of this process (/proc/self/mountinfo), to be read once for many paths. NULL without a /proc or memory:
 * then PATH_REMOTE is never found. free() it. */
char *path_mounts(void);

/* Follows an absolute path from / on, folder by folder and link by link, and stops before a folder that is not to be
 * trusted is entered: so it never waits for a file system that somebody else answers for. What does not exist yet is no
 * flaw where nobody else could make it. true: nothing was found. mounts as path_mounts gives it, borrowed. */
bool path_is_trusted(const char *path, unsigned flaws, const char *mounts, struct path_finding *finding);

/* The same for what is done for this account (NULL: superd's own): a group that may write a folder counts only where the
 * account is in it. Others may be the machine's own, as syslog is in /var/log of some distributions. */
bool path_is_trusted_for(const char *path, unsigned flaws, const struct account *account, const char *mounts,
			 struct path_finding *finding);

/* "/home/u/bin belongs to user 1000", with the name of a file system or group where that matters. */
void path_finding_describe(const struct path_finding *finding, struct buf *out);
