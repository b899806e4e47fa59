/* The names of users, groups and ports. */
#include "superd/machine/machine.h"

#include <arpa/inet.h>
#include <errno.h>
#include <grp.h>
#include <netdb.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/memory.h"
#include "lib/scan.h"
#include "lib/wait_note.h"
#include "table/option/option_name.h"
#include "table/option/service_mark.h"

/* Looks up users and groups by NSS. getpwnam(3) reports "no such user" in many ways: ENOENT without a passwd file,
 * ESRCH, EBADF or EPERM from some modules. Any other error is a failure, which is reported. */

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
		     const char *wrong)
{
	struct buf text_with_option = { 0 };

	option_name_add(service, option, text, &text_with_option);
	diag_error(accounts->diags, service_origin(service, option), "%s: %s: %s", service->name,
		   buf_string(&text_with_option), wrong);
	buf_free(&text_with_option);
	return false;
}

/* A text of digits only is a number, whatever names exist. The last one is (uid_t)-1, "unchanged". */
static bool is_number(const char *text, uint32_t *number)
{
	return scan_unsigned(text, strlen(text), UINT32_MAX - 1, number);
}

static bool means_no_entry(int error)
{
	return error == 0 || error == ENOENT || error == ESRCH || error == EBADF || error == EPERM;
}

/* An entry of NSS, whose texts are in the buffer. */
struct nss_entry {
	struct passwd user_room, *user; /* NULL: there is no such user */
	struct group group_room, *group;
	char *buffer; /* owned */
};

/* Asks by name, or by id if the name is NULL. Gives libc as large a buffer as the entry needs. */
static int call_nss(struct nss_entry *entry, bool is_group, const char *name, id_t id)
{
	int error = ERANGE;

	*entry = (struct nss_entry){ 0 };
	for (size_t size = 1024; error == ERANGE && size <= ENTRY_MOST; size *= 4) {
		char *larger = realloc(entry->buffer, size);

		if (!larger)
			return ENOMEM;
		entry->buffer = larger;
		if (!library_has_memory(NSS_MEMORY))
			return ENOMEM;
		wait_note_begin(is_group ? "NSS: the group" : "NSS: the user", name ? name : "of a number");
		if (is_group)
			error = name ? getgrnam_r(name, &entry->group_room, larger, size, &entry->group)
				     : getgrgid_r(id, &entry->group_room, larger, size, &entry->group);
		else
			error = name ? getpwnam_r(name, &entry->user_room, larger, size, &entry->user)
				     : getpwuid_r(id, &entry->user_room, larger, size, &entry->user);
		wait_note_end();
	}
	return error;
}

static const char *text_unless_empty(struct pool *pool, const char *text)
{
	return text && *text ? pool_text(pool, text) : NULL;
}

static bool query_user(struct accounts *accounts, const char *text, struct found_name *user)
{
	bool numeric = is_number(text, &user->uid), is_known = false;
	words known = lookup_cache_find(accounts->lookups, "user", text);
	struct nss_entry entry = { 0 };
	struct passwd kept = { 0 }, *found = NULL;
	uint32_t uid, gid;
	int error = 0;

	/* An earlier answer: the name, the ids, home and shell. Or nothing, where there is no such user. */
	if (known && words_count(known) == 5 && lookup_number(known[1], &uid) && lookup_number(known[2], &gid)) {
		kept = (struct passwd){ .pw_name = (char *)(uintptr_t)known[0],
					.pw_uid = uid,
					.pw_gid = gid,
					.pw_dir = (char *)(uintptr_t)known[3],
					.pw_shell = (char *)(uintptr_t)known[4] };
		found = &kept;
		is_known = true;
	} else if (known && !*known) {
		is_known = true;
	} else {
		error = call_nss(&entry, false, numeric ? NULL : text, user->uid);
		found = entry.user;
	}
	if (found) {
		error = 0;
		user->listed = true;
		user->name = pool_text(accounts->pool, found->pw_name);
		user->uid = found->pw_uid;
		user->gid = found->pw_gid;
		user->home = text_unless_empty(accounts->pool, found->pw_dir);
		user->shell = text_unless_empty(accounts->pool, found->pw_shell);
	} else if (means_no_entry(error)) {
		error = 0;
	}
	if (!is_known && !error && (!found || user->name)) {
		char uid_text[16], gid_text[16];
		const char *const answer[] = { user->name, uid_text, gid_text, user->home ? user->home : "",
					       user->shell ? user->shell : "" };

		snprintf(uid_text, sizeof(uid_text), "%u", (unsigned)user->uid);
		snprintf(gid_text, sizeof(gid_text), "%u", (unsigned)user->gid);
		lookup_cache_add(accounts->lookups, "user", text, answer, found ? 5 : 0);
	}
	free(entry.buffer);
	if (user->listed)
		return user->name;
	user->name = pool_text(accounts->pool, text);
	if (error) {
		user->wrong = pool_textf(accounts->pool, "it could not be looked up: %s", strerror(error));
	} else if (numeric) {
		user->gid = user->uid; /* as for users with a group of their own: never superd's */
	} else {
		user->wrong = "there is no such user here";
	}
	return user->name && ((numeric && !error) || user->wrong);
}

static bool query_group(struct accounts *accounts, const char *text, struct found_name *group)
{
	words known = lookup_cache_find(accounts->lookups, "group", text);
	struct nss_entry entry = { 0 };
	uint32_t number;
	int error = 0;
	bool found;

	if (is_number(text, &group->gid))
		return true;
	found = known && *known && lookup_number(*known, &number);
	if (found) {
		group->gid = number;
	} else if (!known || *known) {
		error = call_nss(&entry, true, text, 0);
		found = entry.group;
		if (found) {
			group->gid = entry.group->gr_gid;
			lookup_cache_add_number(accounts->lookups, "group", text, group->gid);
		} else if (means_no_entry(error)) {
			lookup_cache_add(accounts->lookups, "group", text, NULL, 0);
		}
		free(entry.buffer);
	}
	if (!found && !means_no_entry(error)) {
		group->failed = true;
		group->wrong = pool_textf(accounts->pool, "it could not be looked up: %s", strerror(error));
	} else if (!found) {
		group->wrong = "there is no such group here";
	}
	return found || group->wrong;
}

static const struct found_name *find_name(struct accounts *accounts, struct ptr_map *known, const char *text)
{
	const char *key = pool_text(accounts->pool, text);
	struct found_name *name;
	const void *found;

	if (!key)
		return NULL;
	if (ptr_map_get(known, key, NULL, &found))
		return found;
	name = pool_alloc(accounts->pool, sizeof(*name));
	if (!name || !(known == &accounts->users ? query_user : query_group)(accounts, key, name))
		return NULL;
	ptr_map_put(known, key, NULL, name);
	return name;
}

const struct found_name *accounts_user(struct accounts *accounts, const char *text)
{
	return find_name(accounts, &accounts->users, text);
}

const struct found_name *accounts_group(struct accounts *accounts, const char *text)
{
	return find_name(accounts, &accounts->groups, text);
}

const struct found_name *accounts_need(struct accounts *accounts, const struct service *service, const char *option,
				       const char *text, bool is_group)
{
	const struct found_name *found = (is_group ? accounts_group : accounts_user)(accounts, text);

	if (found && !found->wrong)
		return found;
	accounts_refuse(accounts, service, option, text, found ? found->wrong : "out of memory");
	return NULL;
}

bool accounts_has_group_id(struct accounts *accounts, gid_t gid, const char **name)
{
	const char *text = pool_textf(accounts->pool, "%u", (unsigned)gid);
	words known = text ? lookup_cache_find(accounts->lookups, "group of id", text) : NULL;
	struct nss_entry entry;
	bool has;
	int error;

	*name = NULL;
	if (known) {
		*name = pool_text(accounts->pool, *known);
		return *known;
	}
	error = call_nss(&entry, true, NULL, gid);
	has = entry.group;
	if (has)
		*name = pool_text(accounts->pool, entry.group->gr_name);
	if (text && (has ? *name != NULL : means_no_entry(error)))
		lookup_cache_add(accounts->lookups, "group of id", text, name, has);
	free(entry.buffer);
	return has || error == ERANGE || error == ENOMEM;
}

bool accounts_pair(struct accounts *accounts, const char *text, const struct found_name **user,
		   const struct found_name **group, const char **wrong)
{
	for (const char *dot = strchr(text, '.'); dot; dot = strchr(dot + 1, '.')) {
		const char *name = pool_text_n(accounts->pool, text, (size_t)(dot - text)), *said = NULL;
		const struct found_name *front = name && *name ? accounts_user(accounts, name) : NULL;
		const struct found_name *behind = front && !front->wrong ? accounts_group(accounts, dot + 1) : NULL;

		if (behind && !behind->wrong) {
			*user = front;
			*group = behind;
			return true;
		}
		if (behind && *wrong == (*user)->wrong)
			said = pool_textf(accounts->pool, "group %s: %s", dot + 1, behind->wrong);
		*wrong = said ? said : *wrong;
	}
	return false;
}

/* Asks services(5), by nss(5). */

int services_find_port(const char *name, const char *protocol)
{
	struct servent entry, *found = NULL;
	const struct servent *any = NULL;
	char buffer[4096];

	if (!library_has_memory(NSS_MEMORY))
		return -1;
	wait_note_begin("NSS: the port", name);
	if (getservbyname_r(name, protocol, &entry, buffer, sizeof(buffer), &found) != 0 || !found) {
		setservent(0);
		any = getservent();
		endservent();
	}
	wait_note_end();
	if (found)
		return ntohs((uint16_t)found->s_port);
	return any ? 0 : -1;
}
