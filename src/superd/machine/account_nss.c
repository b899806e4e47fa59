/* Looks up users and groups by NSS. getpwnam(3) reports "no such user" in many ways: ENOENT without a passwd file,
 * ESRCH, EBADF or EPERM from some modules. Any other error is a failure, which is reported. */
#include "superd/machine/account.h"
#include "table/option/service_mark.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/library_memory.h"
#include "lib/scan.h"
#include "lib/wait_note.h"
#include "table/option/option_name.h"

#define NEAR_MOST 10000                 /* entries to compare for a hint: a directory server may have millions */
#define ENTRY_MOST (1u << 20)

void accounts_open(struct accounts *accounts, struct pool *pool, struct diags *diags)
{
	*accounts = (struct accounts){ .pool = pool, .diags = diags };
}

void accounts_close(struct accounts *accounts)
{
	ptr_map_free(&accounts->users);
	ptr_map_free(&accounts->groups);
	ptr_map_free(&accounts->known);
	ptr_map_free(&accounts->dynamic);
}

bool accounts_refuse(struct accounts *accounts, const struct service *service, const char *option, const char *text,
		     struct lookup_failure failure)
{
	struct buf text_with_option = { 0 };

	option_name_add(service, option, text, &text_with_option);
	diag_error(accounts->diags, service_origin(service, option), "%s: %s: %s", service->name,
		   buf_string(&text_with_option), failure.wrong);
	buf_free(&text_with_option);
	if (failure.near)
		diags_hint(accounts->diags, "did you mean %s?", failure.near);
	return false;
}

/* A text of digits only is a number, whatever names exist. */
static bool is_number(const char *text, uint32_t *number)
{
	unsigned long long value;

	if (!*text || text[strspn(text, "0123456789")] || strlen(text) > 10)
		return false;
	value = strtoull(text, NULL, 10);
	*number = (uint32_t)value;
	return value < UINT32_MAX;      /* the last one is (uid_t)-1, "unchanged" */
}

static bool means_no_entry(int error)
{
	return error == 0 || error == ENOENT || error == ESRCH || error == EBADF || error == EPERM;
}

/* The search for a similar name. */
struct nearest {
	const char *name;               /* the name without an entry */
	unsigned distance;
	char best[64];
};

/* The limit is lower for a short name, as many names are similar to it. */
static unsigned distance_limit(const char *name)
{
	return strlen(name) < 5 ? 2 : 3;
}

static void nearest_compare(struct nearest *nearest, const char *name)
{
	unsigned distance = scan_distance(nearest->name, name, 2);

	if (distance < nearest->distance && strlen(name) < sizeof(nearest->best)) {
		nearest->distance = distance;
		strcpy(nearest->best, name);
	}
}

static const char *nearest_keep(const struct nearest *nearest, struct pool *pool)
{
	return nearest->best[0] ? pool_text(pool, nearest->best) : NULL;
}

static const char *user_near(struct pool *pool, const char *name)
{
	struct nearest nearest = { .name = name, .distance = distance_limit(name) };
	const struct passwd *entry;

	if (!library_has_memory(NSS_MEMORY))
		return NULL;
	setpwent();
	for (int i = 0; i < NEAR_MOST && (entry = getpwent()); i++)
		nearest_compare(&nearest, entry->pw_name);
	endpwent();
	return nearest_keep(&nearest, pool);
}

static const char *group_near(struct pool *pool, const char *name)
{
	struct nearest nearest = { .name = name, .distance = distance_limit(name) };
	const struct group *entry;

	if (!library_has_memory(NSS_MEMORY))
		return NULL;
	setgrent();
	for (int i = 0; i < NEAR_MOST && (entry = getgrent()); i++)
		nearest_compare(&nearest, entry->gr_name);
	endgrent();
	return nearest_keep(&nearest, pool);
}

/* Gives libc as large a buffer as the entry needs. *found is NULL if there is no entry. */
static int call_getpw(const char *name, uid_t uid, struct passwd *entry, char **buffer, struct passwd **found)
{
	int error = ERANGE;

	*found = NULL;
	for (size_t size = 1024; error == ERANGE && size <= ENTRY_MOST; size *= 4) {
		char *larger = realloc(*buffer, size);

		if (!larger)
			return ENOMEM;
		*buffer = larger;
		if (!library_has_memory(NSS_MEMORY))
			return ENOMEM;
		wait_note_begin("NSS: the user", name ? name : "of a number");
		error = name ? getpwnam_r(name, entry, larger, size, found)
			     : getpwuid_r(uid, entry, larger, size, found);
		wait_note_end();
	}
	return error;
}

static int call_getgr(const char *name, gid_t gid, struct group *entry, char **buffer, struct group **found)
{
	int error = ERANGE;

	*found = NULL;
	for (size_t size = 1024; error == ERANGE && size <= ENTRY_MOST; size *= 4) {
		char *larger = realloc(*buffer, size);

		if (!larger)
			return ENOMEM;
		*buffer = larger;
		if (!library_has_memory(NSS_MEMORY))
			return ENOMEM;
		wait_note_begin("NSS: the group", name ? name : "of a number");
		error = name ? getgrnam_r(name, entry, larger, size, found)
			     : getgrgid_r(gid, entry, larger, size, found);
		wait_note_end();
	}
	return error;
}

static const char *text_unless_empty(struct pool *pool, const char *text)
{
	return text && *text ? pool_text(pool, text) : NULL;
}

/* Takes an earlier answer: the name, the ids, home and shell. false: there is none, or it is damaged. */
static bool recall_user(struct accounts *accounts, const char *text, struct found_user *user)
{
	words known = lookup_cache_find(accounts->lookups, "user", text);
	uint32_t uid, gid;

	if (!known || !*known)
		return known;
	for (int n = 0; n < 5; n++) {
		if (!known[n])
			return false;
	}
	if (!lookup_number(known[1], &uid) || !lookup_number(known[2], &gid))
		return false;
	user->listed = true;
	user->name = pool_text(accounts->pool, known[0]);
	user->uid = uid;
	user->gid = gid;
	user->home = text_unless_empty(accounts->pool, known[3]);
	user->shell = text_unless_empty(accounts->pool, known[4]);
	return true;
}

static void note_user(struct accounts *accounts, const char *text, const struct found_user *user)
{
	char uid[16], gid[16];
	const char *const answer[] = { user->name, uid, gid, user->home ? user->home : "",
				       user->shell ? user->shell : "" };

	snprintf(uid, sizeof(uid), "%u", (unsigned)user->uid);
	snprintf(gid, sizeof(gid), "%u", (unsigned)user->gid);
	lookup_cache_add(accounts->lookups, "user", text, answer, user->listed ? 5 : 0);
}

/* Returns 0, or an error that is no answer. A user without an entry is not `listed`. */
static int ask_for_user(struct accounts *accounts, const char *text, bool numeric, struct found_user *user)
{
	struct passwd entry, *found;
	char *buffer = NULL;
	int error = call_getpw(numeric ? NULL : text, user->uid, &entry, &buffer, &found);

	if (found) {
		user->listed = true;
		user->name = pool_text(accounts->pool, found->pw_name);
		user->uid = found->pw_uid;
		user->gid = found->pw_gid;
		user->home = text_unless_empty(accounts->pool, found->pw_dir);
		user->shell = text_unless_empty(accounts->pool, found->pw_shell);
	}
	free(buffer);
	if (!found && !means_no_entry(error))
		return error;
	if (!found || user->name)
		note_user(accounts, text, user);
	return 0;
}

static bool query_user(struct accounts *accounts, const char *text, struct found_user *user)
{
	bool numeric = is_number(text, &user->uid);
	int error = recall_user(accounts, text, user) ? 0 : ask_for_user(accounts, text, numeric, user);

	if (user->listed)
		return user->name;
	user->name = pool_text(accounts->pool, text);
	if (error) {
		user->wrong = pool_textf(accounts->pool, "it could not be looked up: %s", strerror(error));
	} else if (numeric) {
		user->gid = user->uid;  /* as for users with a group of their own: never superd's */
	} else {
		user->wrong = "there is no such user here";
		user->near = user_near(accounts->pool, text);
	}
	return user->name && ((numeric && !error) || user->wrong);
}

const struct found_user *accounts_user(struct accounts *accounts, const char *text)
{
	const char *key = pool_text(accounts->pool, text);
	struct found_user *user;
	const void *known;

	if (!key)
		return NULL;
	if (ptr_map_get(&accounts->users, key, NULL, &known))
		return known;
	user = pool_alloc(accounts->pool, sizeof(*user));
	if (!user || !query_user(accounts, key, user))
		return NULL;
	ptr_map_put(&accounts->users, key, NULL, user);
	return user;
}

/* By an earlier answer, or NSS. Returns 0, or an error that is no answer. */
static int find_group(struct accounts *accounts, const char *text, gid_t *gid, bool *is_found)
{
	words known = lookup_cache_find(accounts->lookups, "group", text);
	struct group entry, *found;
	char *buffer = NULL;
	uint32_t number;
	int error;

	if (known && (!*known || lookup_number(*known, &number))) {
		*is_found = *known;
		*gid = *known ? number : 0;
		return 0;
	}
	error = call_getgr(text, 0, &entry, &buffer, &found);
	*is_found = found;
	if (found) {
		*gid = found->gr_gid;
		lookup_cache_add_number(accounts->lookups, "group", text, found->gr_gid);
	} else if (means_no_entry(error)) {
		lookup_cache_add(accounts->lookups, "group", text, NULL, 0);
	}
	free(buffer);
	return found || means_no_entry(error) ? 0 : error;
}

static bool query_group(struct accounts *accounts, const char *text, struct found_group *group)
{
	bool found = false;
	int error;

	if (is_number(text, &group->gid))
		return true;
	error = find_group(accounts, text, &group->gid, &found);
	if (error) {
		group->failed = true;
		group->wrong = pool_textf(accounts->pool, "it could not be looked up: %s", strerror(error));
	} else if (!found) {
		group->wrong = "there is no such group here";
		group->near = group_near(accounts->pool, text);
	}
	return found || group->wrong;
}

const struct found_group *accounts_group(struct accounts *accounts, const char *text)
{
	const char *key = pool_text(accounts->pool, text);
	struct found_group *group;
	const void *known;

	if (!key)
		return NULL;
	if (ptr_map_get(&accounts->groups, key, NULL, &known))
		return known;
	group = pool_alloc(accounts->pool, sizeof(*group));
	if (!group || !query_group(accounts, key, group))
		return NULL;
	ptr_map_put(&accounts->groups, key, NULL, group);
	return group;
}

bool accounts_has_group_id(struct accounts *accounts, gid_t gid, const char **name)
{
	const char *text = pool_textf(accounts->pool, "%u", (unsigned)gid);
	words known = text ? lookup_cache_find(accounts->lookups, "group of id", text) : NULL;
	struct group entry, *found;
	char *buffer = NULL;
	int error;

	*name = NULL;
	if (known) {
		*name = pool_text(accounts->pool, *known);
		return *known;
	}
	error = call_getgr(NULL, gid, &entry, &buffer, &found);
	if (found)
		*name = pool_text(accounts->pool, found->gr_name);
	if (text && (found ? !!*name : means_no_entry(error)))
		lookup_cache_add(accounts->lookups, "group of id", text, name, found ? 1 : 0);
	free(buffer);
	return found || error == ERANGE || error == ENOMEM;
}

bool accounts_pair(struct accounts *accounts, const char *text, const struct found_user **user,
		   const struct found_group **group)
{
	for (const char *dot = strchr(text, '.'); dot; dot = strchr(dot + 1, '.')) {
		const char *name = pool_text_n(accounts->pool, text, (size_t)(dot - text));
		const struct found_user *front = name && *name ? accounts_user(accounts, name) : NULL;
		const struct found_group *behind = front && !front->wrong ? accounts_group(accounts, dot + 1) : NULL;

		if (!behind || behind->wrong)
			continue;
		*user = front;
		*group = behind;
		return true;
	}
	return false;
}

static const char *pair_of(struct accounts *accounts, const char *user, const char *group)
{
	return user && group ? pool_textf(accounts->pool, "%s.%s", user, group) : NULL;
}

void accounts_explain_pair(struct accounts *accounts, const char *text, struct lookup_failure *failure)
{
	const char *first = NULL;

	for (const char *dot = strchr(text, '.'); dot; dot = strchr(dot + 1, '.')) {
		const char *name = pool_text_n(accounts->pool, text, (size_t)(dot - text)), *said;
		const struct found_user *front = name && *name ? accounts_user(accounts, name) : NULL;
		const struct found_group *behind = front && !front->wrong ? accounts_group(accounts, dot + 1) : NULL;

		if (behind && behind->wrong) {
			said = pool_textf(accounts->pool, "group %s: %s", dot + 1, behind->wrong);
			failure->wrong = said ? said : failure->wrong;
			failure->near = pair_of(accounts, name, behind->near);
			return;
		}
		if (front && front->near && !first)
			first = pair_of(accounts, front->near, dot + 1);
	}
	failure->near = failure->near ? failure->near : first;
}
