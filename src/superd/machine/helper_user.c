/* User ids for superd's helper programs. A user namespace, as in a container, may map only some ids, and a process
 * cannot change to an unmapped id. Source: user_namespaces(7). */
#include "superd/machine/helper_user.h"

#include <linux/capability.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/hash.h"
#include "os/rights/capability.h"
#include "os/rights/id_map.h"
#include "superd/machine/account.h"
#include "superd/machine/gids.h"

#define CANDIDATES 8                    /* candidate ids of a program with one id */
#define LAST_INDEX (HELPER_USERS - 1)

static void mark_taken(struct helper_users *users, unsigned long id)
{
	if (id >= OWN_USERS_FIRST && id - OWN_USERS_FIRST < HELPER_USERS)
		users->taken[id - OWN_USERS_FIRST] = true;
}

/* Marks the numbers in these fields of each line. getpwent(3) and similar calls are not safe beside threads, and may
 * read more than the files. */
static void read_ids(struct helper_users *users, const char *path, int first, int last)
{
	FILE *file = fopen(path, "re");
	char *line = NULL;
	size_t size = 0;

	while (file && getline(&line, &size, file) >= 0) {
		const char *at = line;

		for (int field = 0; at && field <= last; field++) {
			if (field >= first)
				mark_taken(users, strtoul(at, NULL, 10));
			at = strchr(at, ':');
			at = at ? at + 1 : NULL;
		}
	}
	free(line);
	if (file)
		fclose(file);
}

void helper_users_look(struct helper_users *users)
{
	memset(users, 0, sizeof(*users));
	read_ids(users, "/etc/passwd", 2, 3);
	read_ids(users, "/etc/group", 2, 2);
}

/* The first free index of `count` from `first`, beginning with first + start; the last id if all are taken. */
static uid_t find_free(const struct helper_users *users, unsigned first, unsigned count, unsigned start)
{
	for (unsigned n = 0; n < count; n++) {
		unsigned at = first + (start + n) % count;

		if (!users->taken[at])
			return OWN_USERS_FIRST + at;
	}
	return OWN_USERS_FIRST + LAST_INDEX;
}

uid_t helper_user_for(struct helper_users *users, const char *service)
{
	unsigned first = (HELPER_USER_FILTER + 1) * CANDIDATES, count = LAST_INDEX - first;
	uid_t id = find_free(users, first, count, hash_text_32(service) % count);

	users->taken[id - OWN_USERS_FIRST] = true;
	return id;
}

const char *helper_users_refused(void)
{
	if (!capability_held(CAP_SETUID) || !capability_held(CAP_SETGID))
		return "superd may not change its user (CAP_SETUID and CAP_SETGID are missing)";
	if (!id_map_has_uids(OWN_USERS_FIRST, HELPER_USERS) || !id_map_has_gids(OWN_USERS_FIRST, HELPER_USERS))
		return "this user namespace has no ids from 60578 to 61183";
	return NULL;
}

uid_t helper_user_id(enum helper_user which)
{
	struct helper_users users;

	helper_users_look(&users);
	return find_free(&users, (unsigned)which * CANDIDATES, CANDIDATES, 0);
}

const struct account *helper_user_account(enum helper_user which)
{
	static struct {
		pthread_mutex_t lock;
		struct account list[HELPER_USER_FILTER + 1];
	} accounts = { PTHREAD_MUTEX_INITIALIZER,
		       { { .name = "superd-advise" }, { .name = "superd-rpc" }, { .name = "superd-filter" } } };
	struct account *account = &accounts.list[which];

	if (geteuid() != 0 || helper_users_refused())
		return NULL;
	pthread_mutex_lock(&accounts.lock);
	if (!account->switches) {
		account->uid = account->gid = helper_user_id(which);
		account->keeps_groups = gids_must_be_kept();
		account->switches = true;
	}
	pthread_mutex_unlock(&accounts.lock);
	return account;
}

const struct account *helper_user_of_relay(const struct service *service, struct account *own)
{
	const struct account *account = service->account;
	bool to_path = !service->exec->redirect[1];
	struct helper_users users;

	if (to_path || (account && account->switches && account->uid != 0))
		return account;
	if (geteuid() != 0 || helper_users_refused())
		return NULL;
	helper_users_look(&users);
	*own = (struct account){ .name = "superd-builtin", .keeps_groups = gids_must_be_kept(), .switches = true };
	own->uid = own->gid = helper_user_for(&users, service->name);
	return own;
}
