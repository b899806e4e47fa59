/* Whether a path leads where the administrator meant: which users, apart from root and superd's own, can change what
 * one of its names refers to, or make a process that looks it up wait.
 *
 * superd may open, stat or execute a path itself only if no flaw is found. Otherwise the owner of a folder on the way
 * could put a link there, or mount a file system of his own (FUSE) that never answers. */
#pragma once

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "lib/buf.h"
#include "table/service/service.h"

struct stat;

/* Flaws of a path, as bits; callers ask for those that matter to them. */
enum path_flaw {
	PATH_NO_FLAW = 0,
	PATH_OWNER = 1,         /* a folder on the way belongs to another user */
	PATH_GROUP = 2,         /* a group may write to a folder on the way, which is not sticky */
	PATH_WORLD = 4,         /* everyone may write to a folder on the way, which is not sticky */
	PATH_REMOTE = 8,        /* it is on FUSE, on a network file system, or on one of a kind that superd does not know */
	PATH_MOUNTED = 128,     /* the same, if a user has mounted it; the finding is PATH_REMOTE */
	PATH_FILE = 16,         /* the file itself belongs to another user, or others can write it */
	PATH_BROKEN = 32,       /* it is too long, has too many links, or cannot be examined; always reported */
	/* With PATH_GROUP, but never a finding: each group counts, and not only the account's. */
	PATH_EACH_GROUP = 64,
};

#define PATH_ANY_FLAW (PATH_OWNER | PATH_GROUP | PATH_EACH_GROUP | PATH_WORLD | PATH_REMOTE | PATH_FILE)

/* The first flaw of a path, filled in by path_is_trusted. */
struct path_finding {
	enum path_flaw flaw;            /* PATH_NO_FLAW: none */
	char place[PATH_MAX];           /* the flawed folder or file, as a path without links */
	uid_t owner;                    /* owner of `place`; with PATH_REMOTE the user who mounted a FUSE, 0 if unknown */
	gid_t group;                    /* group of `place` */
	int error;                      /* with PATH_BROKEN: errno of the look that failed; 0: too long, or too many links */
	char system[32];                /* with PATH_REMOTE: type of the file system, as in proc_pid_mountinfo(5) */
	/* With PATH_WORLD: a name does not exist in `place`, which is sticky; superd can create it first. */
	enum { NAMES_EXIST, FOLDER_MISSING, LAST_MISSING } missing;
};

/* Whether it is root, superd's own user, or in a user namespace a user of the machine outside. */
bool path_uid_is_own(uid_t owner);

/* Type, mode and owner by statx(2), with its flags. *mount: the mount whose root it is, as in mountinfo; 0: it is none. */
int path_stat_mount(const char *path, int flags, struct stat *status, uint64_t *mount);

/* Follows an absolute path from /, folder by folder and link by link. Stops before it enters a folder that is not
 * trusted, so it never waits for another user's file system. A name that does not exist is no flaw if no other user
 * could create it. true: no flaw. account: for whom the work is (NULL: superd's own user). A group that may write a
 * folder counts only if the account is in it: other groups may be the system's, such as syslog for /var/log on some
 * distributions. */
bool path_is_trusted(const char *path, unsigned flaws, const struct account *account, struct path_finding *finding);

/* The same for the folder that the path's last name is in, for work on that name. */
bool path_folder_is_trusted(const char *path, unsigned flaws, struct path_finding *finding);

/* The same with this text of mountinfo, and all that is mounted later is unknown; for tests. */
bool path_is_trusted_by(const char *mounts, const char *path, unsigned flaws, struct path_finding *finding);

/* Appends the finding: "/home/u/bin belongs to user 1000", with the file system or group where that matters. */
void path_finding_describe(const struct path_finding *finding, struct buf *out);

/* The flaws by which another user could redirect a path, or make the process that opens it wait. */
#define PATH_OPEN_FLAWS (PATH_OWNER | PATH_GROUP | PATH_WORLD | PATH_REMOTE)

/* Which process opens a path that the configuration names. A path through another user's folder is left to a child: with
 * the user's rights it reaches nothing that the user could not reach anyway, and it may block. */
enum path_opener {
	PATH_OPENED_BY_SUPERD,          /* superd itself */
	PATH_OPENED_BY_CHILD,           /* a child, as the service's account if there is one */
	PATH_REFUSED,                   /* no process: it would open a path that the folder's owner controls with superd's own rights */
};

/* account: the service's; NULL, or one that does not switch: superd's own user. mode: for a file that
 * is missing, as for own_file_is_safe. Fills
 * in `finding`. */
enum path_opener path_opener(const char *path, mode_t mode, const struct account *account,
			     struct path_finding *finding);

/* Whether superd may write to a file of its own at this path, such as its log or its pid file. Creates a file that is
 * missing in a sticky folder, with this mode; mode 0: only looks. Never waits for a file system of others, nor for a
 * network's. The path may be relative. false with the reason in why. */
bool own_file_is_safe(const char *path, mode_t mode, struct buf *why);

/* Appends the finding behind a path: ": /home/u belongs to user 1000, who could lead it elsewhere". */
void path_finding_add(const struct path_finding *finding, struct buf *out);

/* Files of superd's own at well-known paths that no other user can influence: links that others could make are never
 * followed, and files of other users are never written. */

/* Whether only root and superd's own user can change what this absolute path refers to: its folder, and all folders
 * above, must belong to them, or be sticky. false with the reason in why. */
bool private_folder_is_safe(const char *path, struct buf *why);

/* Writes a whole file, first beside the path and then renamed, so that it replaces a link, too; if that fails, the old
 * file stays. Makes the folder if it is missing, and returns when the disk has the file. Only its owner may read it. The
 * folder must be safe as above. length 0: removes the file, if there is one. false with the reason in why. */
bool private_file_put(const char *path, const char *text, size_t length, struct buf *why);

/* The text of such a file, NUL-terminated, for the caller to free(). NULL: it does not exist. NULL with the reason in
 * why: it is not trusted, as another user could have written it, is no regular file, or has more than `most` bytes. */
char *private_file_get(const char *path, size_t most, size_t *length, struct buf *why);

/* Texts as files without a name (memfd_create(2)): for a child to read, or to survive an exec. */

/* A close-on-exec descriptor to read the text from, which nobody can change. -1 and errno. */
int memory_file(const char *text, size_t length);

/* The interpreter that the kernel opens together with a program: the one that a script names after #!, or the loader
 * that an ELF file names in PT_INTERP. If it is missing, execve(2) fails with ENOENT although the program exists.
 *
 * These functions open and read files, which may block: the caller first makes sure that they may. */

#define INTERPRETERS_MOST 5             /* interpreters of interpreters; with more, execve(2) fails with ELOOP */

enum interpreter {
	INTERPRETER_NONE,               /* it needs none, or it is not a file that could be executed */
	INTERPRETER_FOUND,              /* the path may be relative, or end with the \r of DOS line ends */
	INTERPRETER_UNKNOWN,            /* it cannot be read, or is for a machine with other words */
};

/* Looks below `root`, a root_directory; NULL: superd's own root. `program` may be `path`. */
enum interpreter interpreter_find(const char *root, const char *program, char path[PATH_MAX]);

/* Whether this interpreter does not exist. true with the reason in why: "its interpreter '/bin/sh\r' (the file has DOS
 * line ends) is not there". */
bool interpreter_is_missing(const char *root, const char *path, struct buf *why);

/* stat(2) of a path as a process with this root_directory would see it (openat2(2), RESOLVE_IN_ROOT): absolute links
 * start at that root. root NULL: superd's own root. The lookup may block; the caller first makes sure that it may. */
int root_path_stat(const char *root, const char *path, struct stat *status);

/* The folder for files that last until the next boot. superd keeps its own in "superd" below it. */

const char *runtime_dir(void);          /* "/run"; for an unprivileged superd the user's (XDG_RUNTIME_DIR) */
