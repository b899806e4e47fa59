/* Lists of groups: a user's, and superd's own (credentials(7)). */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "table/services/lookup_cache.h"

/* A list of groups without duplicates. A zeroed struct is empty. */
struct gids {
	gid_t *list;                    /* the caller frees it */
	int count, capacity;
};

bool gids_has(const struct gids *gids, gid_t gid);
bool gids_add(struct gids *gids, gid_t gid);                    /* false: out of memory */

/* Fills in the user's groups (getgrouplist(3)), with `gid` as the first: those of lookups, or else looks them up and
 * adds them there. lookups: NULL: there are none. false: out of memory, or there are too many. */
bool gids_of_user(struct gids *gids, struct lookup_cache *lookups, const char *name, gid_t gid);

/* Fills in superd's own groups (getgroups(2)). false and errno. */
bool gids_of_superd(struct gids *gids);

/* Whether setgroups(2) is denied in this user namespace (user_namespaces(7)): services then keep superd's groups. */
bool gids_must_be_kept(void);
