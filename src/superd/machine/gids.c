/* Lists of groups: getgrouplist(3), getgroups(2). */
#include "superd/machine/gids.h"

#include <errno.h>
#include <grp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/buf.h"
#include "lib/library_memory.h"
#include "lib/wait_note.h"
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

/* false: out of memory, or there are too many. */
static bool ask_for_groups(struct gids *gids, const char *name, gid_t gid)
{
	for (int room = 32; room <= 65536 + 1; room *= 2) {
		int count = room, status;

		if (!gids_reserve(gids, room) || !library_has_memory(NSS_MEMORY))
			return false;
		wait_note_begin("NSS: the groups of the user", name);
		status = getgrouplist(name, gid, gids->list, &count);
		wait_note_end();
		if (status >= 0) {
			gids->count = count;
			return true;
		}
	}
	return false;
}

/* false: the answer cannot be used. */
static bool take_groups(struct gids *gids, const char *const *answer)
{
	uint32_t gid;

	gids->count = 0;
	for (; *answer; answer++) {
		if (!lookup_number(*answer, &gid) || !gids_add(gids, gid))
			return false;
	}
	return gids->count;
}

static void note_groups(const struct gids *gids, struct lookup_cache *lookups, const char *key)
{
	char (*texts)[16] = calloc((size_t)gids->count, sizeof(*texts));
	const char **words = calloc((size_t)gids->count, sizeof(*words));

	for (int n = 0; texts && words && n < gids->count; n++) {
		snprintf(texts[n], sizeof(texts[n]), "%u", (unsigned)gids->list[n]);
		words[n] = texts[n];
	}
	if (texts && words)
		lookup_cache_add(lookups, "groups", key, words, (size_t)gids->count);
	free(words);
	free(texts);
}

bool gids_of_user(struct gids *gids, struct lookup_cache *lookups, const char *name, gid_t gid)
{
	struct buf key = { 0 };
	const char *const *known;
	bool filled;

	buf_addf(&key, "%u %s", (unsigned)gid, name);
	known = key.failed ? NULL : lookup_cache_find(lookups, "groups", buf_string(&key));
	filled = known && take_groups(gids, known);
	if (!filled) {
		filled = ask_for_groups(gids, name, gid);
		if (filled && lookups && !key.failed)
			note_groups(gids, lookups, buf_string(&key));
	}
	buf_free(&key);
	return filled;
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
