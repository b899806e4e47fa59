/* Lists of groups: getgrouplist(3), getgroups(2). */
#include "prepare/gids.h"

#include <errno.h>
#include <grp.h>
#include <stdlib.h>
#include <unistd.h>

#include "os/rights/raw_syscall.h"

bool gids_has(const struct gids *gids, gid_t gid)
{
	for (int i = 0; i < gids->count; i++) {
		if (gids->list[i] == gid)
			return true;
	}
	return false;
}

static bool gids_reserve(struct gids *gids, int capacity)
{
	gid_t *list;

	if (gids->list && capacity <= gids->capacity)
		return true;
	list = reallocarray(gids->list, (size_t)capacity, sizeof(*list));
	if (!list)
		return false;
	gids->list = list;
	gids->capacity = capacity;
	return true;
}

bool gids_add(struct gids *gids, gid_t gid)
{
	if (gids_has(gids, gid))
		return true;
	if (!gids_reserve(gids, gids->count + 8))
		return false;
	gids->list[gids->count++] = gid;
	return true;
}

bool gids_of_user(struct gids *gids, const char *name, gid_t gid)
{
	for (int room = 32; room <= 65536 + 1; room *= 2) {
		int count = room;

		if (!gids_reserve(gids, room))
			return false;
		if (getgrouplist(name, gid, gids->list, &count) >= 0) {
			gids->count = count;
			return true;
		}
	}
	return false;
}

bool gids_of_superd(struct gids *gids)
{
	int count = getgroups(0, NULL);

	if (count < 0 || !gids_reserve(gids, count + 1))
		return false;
	gids->count = getgroups(count, gids->list);
	return gids->count >= 0;
}

/* Tries to set superd's own groups, as /proc may be missing. */
bool gids_must_be_kept(void)
{
	struct gids own = { 0 };
	bool denied = gids_of_superd(&own) && raw_set_groups((size_t)own.count, own.list) < 0 && errno == EPERM;

	free(own.list);
	return denied;
}
