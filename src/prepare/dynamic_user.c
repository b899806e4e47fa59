/* dynamic_user: an unused id for a service that needs a user of its own. Source: systemd.exec(5), and systemd's
 * UIDS-GIDS.md for the range.
 *
 * A service must get the same id each time, as files belong to it. The id is a hash of the name, unless a folder of the
 * service belongs to an id of the range already, or the id is taken. */
#include <errno.h>
#include <grp.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash.h"
#include "exec/dirs/directories.h"
#include "prepare/account.h"

#define FIRST 61184u
#define LAST 65519u
#define ENTRY_MOST (1u << 20)

static bool in_range(uid_t id)
{
	return id >= FIRST && id <= LAST;
}

static bool is_group(gid_t gid)
{
	struct group entry, *found = NULL;
	char *room = NULL, *larger;
	int error = ERANGE;

	for (size_t size = 1024; error == ERANGE && size <= ENTRY_MOST; size *= 4) {
		larger = realloc(room, size);
		if (!larger)
			break;
		room = larger;
		error = getgrgid_r(gid, &entry, room, size, &found);
	}
	free(room);
	return found || error == ERANGE; /* where there is no saying, it is one */
}

/* Another of this table, of the system's files, or of systemd beside us. */
static bool is_taken(struct accounts *accounts, const char *name, uid_t id)
{
	const struct found_user *listed;
	const char *number;
	const void *owner;
	char path[64];

	number = pool_textf(accounts->pool, "%u", (unsigned)id);
	if (!number)
		return true;
	if (ptr_map_get(&accounts->dynamic, number, NULL, &owner))
		return strcmp(owner, name) != 0;
	snprintf(path, sizeof(path), "/run/systemd/dynamic-uid/%u", (unsigned)id);
	listed = accounts_user(accounts, number);
	return !listed || listed->listed || is_group(id) || access(path, F_OK) == 0;
}

static bool take(struct accounts *accounts, const char *name, uid_t id)
{
	const char *number = pool_textf(accounts->pool, "%u", (unsigned)id);

	if (!number)
		return false;
	ptr_map_put(&accounts->dynamic, number, NULL, name);
	return true;
}

/* The id of the range that owns the service's directories already; 0: none. */
static uid_t find_owner(const struct service *service)
{
	struct directory_kind kinds[DIRECTORY_KINDS];
	struct process_defaults defaults = { 0 };

	directories_find_bases(&defaults);
	directories_of(service, &defaults, kinds);
	for (size_t kind = 0; kind < DIRECTORY_KINDS; kind++) {
		for (words name = kinds[kind].names; name && *name; name++) {
			char path[PATH_MAX];
			struct stat status;

			snprintf(path, sizeof(path), "%s/%.*s", kinds[kind].base, (int)directory_name_length(*name),
				 *name);
			if (kinds[kind].is_owned && lstat(path, &status) == 0 && S_ISDIR(status.st_mode) &&
			    in_range(status.st_uid))
				return status.st_uid;
		}
	}
	return 0;
}

static uid_t find_id(struct accounts *accounts, const struct service *service, const char *name)
{
	uid_t owner = find_owner(service);
	uint32_t start = hash_text_32(name) % (LAST - FIRST + 1);

	if (owner && !is_taken(accounts, name, owner))
		return owner;
	for (uint32_t n = 0; n <= LAST - FIRST; n++) {
		uid_t id = FIRST + (start + n) % (LAST - FIRST + 1);

		if (!is_taken(accounts, name, id))
			return id;
	}
	return 0;
}

const struct found_user *accounts_dynamic(struct accounts *accounts, const struct service *service, const char *name)
{
	const struct found_user *listed = accounts_user(accounts, name);
	struct found_user *user;

	if (!listed || !listed->wrong)
		return listed;
	user = pool_alloc(accounts->pool, sizeof(*user));
	if (!user)
		return NULL;
	*user = (struct found_user){ .name = name, .home = "/", .shell = "/usr/sbin/nologin" };
	user->uid = find_id(accounts, service, name);
	user->gid = user->uid;
	if (!user->uid)
		user->wrong = "no id from 61184 to 65519 is free";
	else if (!take(accounts, name, user->uid))
		return NULL;
	return user;
}
