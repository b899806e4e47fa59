/* The base folder: the parent of all control groups of one superd. */
#pragma once

#include "os/cgroup/cgroup.h"
#include "os/proc/process.h"

#define CGROUP_NAME_MOST 200            /* bytes of a group's name in it at most */

/* Creates the base folder below `own`, superd's own group, with superd's pid in its name. Removes the folders of superds
 * that have ended; if processes are still in that of an earlier superd with this pid, chooses another name. Returns the
 * path for the caller to free(); NULL and errno. */
char *cgroup_parent_claim(const char *own);

/* Records on the base folder that this superd owns it, and its guard, if it has one. Called again by the next superd, and
 * with another guard. */
void cgroup_parent_mark(const char *path);

struct left_search {
	size_t next;                    /* zero before the first call */
	pid_t pid;                      /* a process of the group that has one of the sockets */
};

/* Returns the next group with a process that has one of these sockets, and that a superd of this user has started, which
 * was killed: the group proves that, because only that user could have put it there. Environment and names of
 * processes prove nothing. NULL: there is none. All groups are read in one pass, which counts for some seconds. cgroups:
 * with a base. */
struct left_group *cgroup_parent_next_left(struct cgroups *cgroups, const struct file_id *sockets, size_t count,
					   struct left_search *search);
void cgroup_parent_forget_left(struct left_groups *left);
