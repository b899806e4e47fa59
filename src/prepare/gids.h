/* Lists of groups: those of a user, and superd's own. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

struct gids {
	gid_t *list;                    /* to free() */
	int count, capacity;
};

bool gids_has(const struct gids *gids, gid_t gid);
bool gids_add(struct gids *gids, gid_t gid);                    /* false: out of memory */

/* The user's groups in group(5), with its own, gid, first. false: out of memory, or there are too many. */
bool gids_of_user(struct gids *gids, const char *name, gid_t gid);

/* superd's own groups (getgroups(2)). false and errno. */
bool gids_of_superd(struct gids *gids);

/* Whether setgroups(2) is denied in this user namespace (user_namespaces(7)): services then keep superd's groups. */
bool gids_must_be_kept(void);
