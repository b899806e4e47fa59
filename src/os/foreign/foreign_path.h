/* Work on paths that lead through folders of other users. Such a user can put links there, or mount a file system that
 * never answers. So a separate, short-lived process does the work, with the rights of the folder's owner. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "os/foreign/fork_with_timeout.h"
#include "os/fs/path_trust.h"

/* Whether other users can change where this path's folder leads, for work on the name in it. Fills in `finding`. */
bool path_is_foreign(const char *path, struct path_finding *finding);

/* Also follows the last name of the path, for work on what it leads to. */
bool path_leads_to_foreign(const char *path, struct path_finding *finding);

/* Chooses the rights for a path with this finding: those of the owner of the first folder that is not superd's. If all
 * users may write to that folder, the rights of uid. His groups are found by `known` (act_as_whom). Fills in `account`
 * and returns it. NULL: superd's own rights are no greater. */
const struct account *foreign_actor(const struct path_finding *finding, uid_t uid, const struct account *known,
				    struct account *account);

/* Whether superd may write to a file of its own at this path, such as its log or its pid file. Creates a file that is
 * missing in a sticky folder, with this mode; mode 0: only looks. Never waits for a file system of others, nor for a
 * network's. The path may be relative. false with the reason in why. */
bool own_file_is_safe(const char *path, mode_t mode, struct buf *why);

/* timed_job_execute and timed_job_end for work on this path, as foreign_fork. */
bool foreign_execute(struct timed_job *job, const char *path, int program, char *const *argv, int input);
int foreign_end(struct timed_job *job, const char *path, struct buf *why, struct buf *warnings);

/* Runs fork_with_timeout for work on this path, with a timeout of 1 s. After a timeout, work on the same path fails at
 * once for some seconds (ETIMEDOUT). */
int foreign_fork(const char *path, timed_work *work, const void *with, int kept, struct buf *why, struct buf *warnings);

/* As such a timeout does, for work that was too long in all. */
void foreign_give_up(const char *path);

/* Appends the names that match a pattern (glob(3)), sorted, each followed by a NUL. Returns an errno; ENOENT: no match. */
int path_glob(const char *pattern, struct buf *names);
