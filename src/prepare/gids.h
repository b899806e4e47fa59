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

/* Those group(5) has the user in, its own, gid, first. false: out of memory, or there are too many. */
bool gids_of_user(struct gids *gids, const char *name, gid_t gid);

/* Those superd itself has (getgroups(2)). false and errno. */
bool gids_of_superd(struct gids *gids);

/* Whether the kernel lets nobody set groups here, not even those he has, as an unprivileged user has mapped them
 * (user_namespaces(7)): services then keep superd's. */
bool gids_must_be_kept(void);
