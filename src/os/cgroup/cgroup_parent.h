/* The base folder: the parent of all control groups of one superd. */
#pragma once

#include <stdbool.h>

#define CGROUP_NAME_MOST 200            /* bytes of a group's name in it at most */

/* Creates the base folder below `own`, superd's own group, with superd's pid in its name. Removes the folder that an
 * earlier superd with this pid left; if processes are still in it, chooses another name. identity, at most
 * CGROUP_IDENTITY_MOST bytes, distinguishes the superds of this machine; NULL: none is stored. Returns the path for the
 * caller to free(); NULL and errno. */
char *cgroup_parent_claim(const char *own, const char *identity);

#define CGROUP_IDENTITY_MOST 4000

enum cgroup_owner {
	CGROUP_OF_OTHER,                /* it belongs to another superd, or is unknown */
	CGROUP_OF_US,                   /* it belongs to an earlier run of this superd, by its identity */
};

/* Calls `see` for each base folder whose superd was killed, if it belongs to superd's user and pid namespace. mine: the
 * folder that superd itself has claimed; NULL: none yet. */
void cgroup_parent_each_left(const char *own, const char *mine, const char *identity,
			     void (*see)(void *context, const char *path, enum cgroup_owner owner), void *context);

/* Records on a group in such a folder that this superd has adopted it, so that other superds leave it alone as long as
 * this one lives. */
void cgroup_parent_adopt(const char *group);
bool cgroup_parent_is_adopted(const char *group);       /* another living superd has recorded itself; not a dead one with our guard */

/* Calls `see` for each group in such a folder. */
void cgroup_parent_each_group(const char *path, void (*see)(void *context, const char *group), void *context);
