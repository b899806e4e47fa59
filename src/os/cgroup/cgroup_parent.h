/* The base: a folder for the control groups of one superd alone. */
#pragma once

#include <stdbool.h>

#define CGROUP_NAME_MOST 200            /* bytes that the name of a group in it may have */

/* Makes it below `own`, superd's own group, with superd's pid in its name, and removes what an earlier superd of that
 * pid has left; where somebody is in that still it is another. identity, of CGROUP_IDENTITY_MOST bytes at most, tells
 * which superd of this machine it is; NULL: that is not noted. The caller's to free; NULL and errno. */
char *cgroup_parent_claim(const char *own, const char *identity);

#define CGROUP_IDENTITY_MOST 4000

enum cgroup_owner {
	CGROUP_OF_OTHER,                /* another superd's, or unknown */
	CGROUP_OF_US,                   /* an earlier run of this superd, by its identity */
};

/* Calls see for the folder of each superd that is gone, as somebody has killed it: of superd's own user, and of its
 * namespace of pids. mine: the one that superd has claimed itself; NULL: none yet. */
void cgroup_parent_each_left(const char *own, const char *mine, const char *identity,
			     void (*see)(void *context, const char *path, enum cgroup_owner heir), void *context);

/* A group in such a folder is ours now: notes that, for other superds to keep off it for as long as we live. */
void cgroup_parent_adopt(const char *group);
bool cgroup_parent_is_adopted(const char *group);       /* a living superd has noted itself */

/* Calls see for each group in such a folder. */
void cgroup_parent_each_group(const char *path, void (*see)(void *context, const char *group), void *context);
