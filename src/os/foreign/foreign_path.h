/* Paths through folders of somebody else, who can put links there, or a file system that does not answer: what superd
 * has to do there is done by a process of its own, for a moment, with the rights of the folder's owner. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "os/foreign/fork_with_timeout.h"
#include "os/fs/path_opener.h"

/* Whether others can change the way to the folder of this path. */
bool path_is_foreign(const char *path, struct path_finding *finding);

/* Whose rights are used for a path: the owner's of the first folder that is not superd's; if everybody may write to
 * that folder, those of uid and gid. Fills in `account` and returns it; NULL: superd's own rights are no greater. */
const struct account *foreign_actor(const struct path_finding *finding, uid_t uid, gid_t gid, struct account *account);

/* Whether superd may write to a file of its own there: to its log, its pid file. Makes one that is missing in a sticky
 * folder, with this mode. The path may be a relative one. false with the reason in why. */
bool own_file_is_safe(const char *path, mode_t mode, struct buf *why);

/* Runs fork_with_timeout for work on this path, for a second at most. After a timeout it fails at once for some
 * seconds. */
int foreign_fork(const char *path, timed_work *work, const void *with, int kept, struct buf *why, struct buf *warnings);

/* If no other user can change the path or what it leads to, superd does the following itself; else a separate process
 * does it. errno ETIMEDOUT: it did not answer in time. */

/* As fd_read_file does: the text, to free(); NULL and errno. */
char *foreign_read_file(const char *path, size_t most, size_t *length);

bool foreign_is_program(const char *path);      /* a regular file that may be executed */
/* interpreter_is_wrong of a program in superd's own root; an interpreter in a stranger's folder is looked at for a
 * program of strangers alone. */
bool foreign_interpreter_is_wrong(const char *program, struct buf *why);

char *foreign_real_path(const char *path);      /* realpath(path, NULL): to free(); NULL and errno */

/* The names that a pattern of glob(3) fits, in their order, each with a NUL behind it. false and errno, ENOENT:
 * none. */
bool foreign_glob(const char *pattern, struct buf *names);

int foreign_unlink(const char *path);           /* 0, or -1 and errno */
