/* dynamic_user: an unused id for a service that needs a user of its own. Source: DynamicUser= of systemd.exec(5), and
 * systemd's UIDS-GIDS.md for the range.
 *
 * A service must get the same id each time, as files belong to it. The id is a hash of the name, unless a directory of
 * the service already belongs to an id of the range, or the hashed id is taken. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/hash.h"
#include "superd/machine/account.h"
#include "superd/start/directories.h"

#define FIRST_DYNAMIC 61184u
#define LAST_DYNAMIC 65519u

static bool in_range(uid_t id)
{
	return id >= FIRST_DYNAMIC && id <= LAST_DYNAMIC;
}

/* Whether the id is taken: by another service of this table, by an entry of NSS, or by systemd. */
static bool is_taken(struct accounts *accounts, const char *name, uid_t id)
{
	const struct found_name *listed;
	const char *number, *group;
	const void *owner;
	char path[64];

	number = pool_textf(accounts->pool, "%u", (unsigned)id);
	if (!number)
		return true;
	if (ptr_map_get(&accounts->dynamic, number, NULL, &owner))
		return strcmp(owner, name) != 0;
	snprintf(path, sizeof(path), "/run/systemd/dynamic-uid/%u", (unsigned)id);
	listed = accounts_user(accounts, number);
	return !listed || listed->listed || accounts_has_group_id(accounts, id, &group) || access(path, F_OK) == 0;
}

static bool take_id(struct accounts *accounts, const char *name, uid_t id)
{
	const char *number = pool_textf(accounts->pool, "%u", (unsigned)id);

	if (!number)
		return false;
	ptr_map_put(&accounts->dynamic, number, NULL, name);
	return true;
}

/* The id of the range that already owns the service's directories; 0: none. */
static uid_t find_directory_owner(const struct service *service)
{
	struct directory_kind kinds[DIRECTORY_KINDS];
	struct process_defaults defaults = { 0 };

	directories_find_bases(&defaults);
	directories_of(service, &defaults, kinds);
	for (size_t kind = 0; kind < DIRECTORY_KINDS; kind++) {
		for (words name = kinds[kind].names; name && *name; name++) {
			uid_t owner;

			if (kinds[kind].is_owned && directories_find_owner(kinds[kind].base, *name, &owner) &&
			    in_range(owner))
				return owner;
		}
	}
	return 0;
}

static uid_t find_id(struct accounts *accounts, const struct service *service, const char *name)
{
	uid_t owner = find_directory_owner(service);
	uint32_t start = hash_text_32(name) % (LAST_DYNAMIC - FIRST_DYNAMIC + 1);

	if (owner && !is_taken(accounts, name, owner))
		return owner;
	for (uint32_t n = 0; n <= LAST_DYNAMIC - FIRST_DYNAMIC; n++) {
		uid_t id = FIRST_DYNAMIC + (start + n) % (LAST_DYNAMIC - FIRST_DYNAMIC + 1);

		if (!is_taken(accounts, name, id))
			return id;
	}
	return 0;
}

const struct found_name *accounts_dynamic(struct accounts *accounts, const struct service *service, const char *name)
{
	const struct found_name *listed = accounts_user(accounts, name);
	struct found_name *user;

	if (!listed || !listed->wrong)
		return listed;
	user = pool_alloc(accounts->pool, sizeof(*user));
	if (!user)
		return NULL;
	*user = (struct found_name){ .name = name, .home = "/", .shell = "/usr/sbin/nologin" };
	user->uid = find_id(accounts, service, name);
	user->gid = user->uid;
	if (!user->uid)
		user->wrong = "no id from 61184 to 65519 is free";
	else if (!take_id(accounts, name, user->uid))
		return NULL;
	return user;
}
