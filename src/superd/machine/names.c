/* What NSS says of users, groups and ports; and how all names of a table are asked for. */
#include "superd/machine/machine.h"

#include <grp.h>
#include <pwd.h>

void resolver_open(struct resolver *resolver, struct pool *pool, struct lookup_cache *lookups, struct diags *diags)
{
	*resolver = (struct resolver){ .pool = pool, .diags = diags, .lookups = lookups };
	if (!lookups)
		resolver->lookups = resolver->own = lookup_cache_new();
}

void resolver_close(struct resolver *resolver)
{
	struct ptr_map *const maps[] = { &resolver->failed, &resolver->accounts, &resolver->dynamic,   &resolver->rules,
					 &resolver->probes, resolver->filters,	 resolver->filters + 1 };

	for (size_t n = 0; n < sizeof(maps) / sizeof(*maps); n++)
		ptr_map_free(maps[n]);
	lookup_cache_free(resolver->own);
}

void answer_add(struct nss_answer *answer, const char *word)
{
	buf_add(&answer->text, word, strlen(word) + 1);
	answer->count++;
}

void answer_add_number(struct nss_answer *answer, uint32_t number)
{
	char text[16];

	snprintf(text, sizeof(text), "%u", (unsigned)number);
	answer_add(answer, text);
}

/* Whether it is an answer of this kind: one of an earlier superd may be damaged. */
static bool fits(const struct ask_kind *kind, words answer)
{
	size_t count = words_count(answer), forms = strlen(kind->form);
	uint32_t number;

	for (size_t n = 0; n < count; n++) {
		if (kind->form[n < forms ? n : forms - 1] == 'n' && !lookup_number(answer[n], &number))
			return false;
	}
	return !count || count >= forms;
}

words resolver_ask(struct resolver *resolver, const struct ask_kind *kind, const char *name, const char **wrong)
{
	const char *key = pool_text(resolver->pool, name);
	struct nss_answer answer = { 0 };
	const void *known = NULL;
	int error = ENOMEM;
	words found;

	*wrong = "out of memory";
	if (!key)
		return NULL;
	if (ptr_map_get(&resolver->failed, key, kind->key, &known)) {
		*wrong = known;
		return NULL;
	}
	found = lookup_cache_find(resolver->lookups, kind->key, key);
	if (found && fits(kind, found))
		return found;
	wait_note(kind->note, key);
	if (library_has_memory(NSS_MEMORY))
		error = kind->call(kind->key, key, &answer);
	wait_note(NULL, NULL);
	if (!error && !answer.text.failed)
		lookup_cache_add(resolver->lookups, kind->key, key, buf_string(&answer.text), answer.text.length);
	buf_free(&answer.text);
	if (!error)
		return lookup_cache_find(resolver->lookups, kind->key, key);
	if (error != ENOMEM)
		*wrong = pool_text(resolver->pool, strerror(error));
	ptr_map_put(&resolver->failed, key, kind->key, *wrong);
	return NULL;
}

/* ---- users and groups ---- */

/* getpwnam(3) reports "no such user" in many ways: ENOENT without a passwd file, ESRCH, EBADF or EPERM from some
 * modules. Any other error is a failure, which is reported. */

#define ENTRY_MOST (1u << 20)

bool resolver_lacks_memory(struct resolver *resolver, const struct service *service)
{
	diag_error(resolver->diags, service->at, "%s: looking up its names: out of memory", service->name);
	return false;
}

bool accounts_refuse(struct resolver *resolver, const struct service *service, const char *option, const char *text,
		     const char *wrong)
{
	struct buf text_with_option = { 0 };

	option_name_add(service, option, text, &text_with_option);
	diag_error(resolver->diags, service_origin(service, option), "%s: %s: %s", service->name,
		   buf_string(&text_with_option), wrong);
	buf_free(&text_with_option);
	return false;
}

/* A text of digits only is a number, whatever names exist. The last one is (uid_t)-1, "unchanged". */
static bool is_number(const char *text, uint32_t *number)
{
	return scan_unsigned(text, strlen(text), UINT32_MAX - 1, number);
}

/* Asks by name or by id, with as large a buffer as the entry needs. */
static int call_nss(const char *key, const char *name, struct nss_answer *answer)
{
	bool is_group = *key == 'g', is_id;
	struct passwd user_room, *user = NULL;
	struct group group_room, *group = NULL;
	char *buffer = NULL, *larger;
	int error = ERANGE;
	uint32_t id;

	is_id = is_number(name, &id);
	for (size_t size = 1024; error == ERANGE && size <= ENTRY_MOST; size *= 4) {
		larger = realloc(buffer, size);
		buffer = larger ? larger : buffer;
		if (!larger || !library_has_memory(NSS_MEMORY))
			error = ENOMEM;
		else if (is_group)
			error = is_id ? getgrgid_r(id, &group_room, buffer, size, &group)
				      : getgrnam_r(name, &group_room, buffer, size, &group);
		else
			error = is_id ? getpwuid_r(id, &user_room, buffer, size, &user)
				      : getpwnam_r(name, &user_room, buffer, size, &user);
	}
	if (group) {
		answer_add_number(answer, group->gr_gid);
		answer_add(answer, group->gr_name);
	} else if (user) {
		answer_add(answer, user->pw_name);
		answer_add_number(answer, user->pw_uid);
		answer_add_number(answer, user->pw_gid);
		answer_add(answer, user->pw_dir ? user->pw_dir : "");
		answer_add(answer, user->pw_shell ? user->pw_shell : "");
	}
	free(buffer);
	return user || group || error == ENOENT || error == ESRCH || error == EBADF || error == EPERM ? 0 : error;
}

static const struct ask_kind users = { "user", "NSS: the user", "tnntt", call_nss };
static const struct ask_kind groups = { "group", "NSS: the group", "nt", call_nss };

/* What the answer lacks, if anything. */
static const char *name_flaw(struct pool *pool, words found, const char *wrong, const char *none)
{
	const char *text;

	if (found)
		return *found ? NULL : none;
	text = pool_textf(pool, "it could not be looked up: %s", wrong);
	return text ? text : wrong;
}

struct found_name accounts_user(struct resolver *resolver, const char *text)
{
	struct found_name user = { .name = pool_text(resolver->pool, text) };
	const char *wrong;
	words found = resolver_ask(resolver, &users, text, &wrong);

	user.wrong = name_flaw(resolver->pool, user.name ? found : NULL, wrong, "there is no such user here");
	if (found && *found) {
		user.listed = lookup_number(found[1], &user.uid) && lookup_number(found[2], &user.gid);
		user.name = pool_text(resolver->pool, found[0]);
		user.home = *found[3] ? pool_text(resolver->pool, found[3]) : NULL;
		user.shell = *found[4] ? pool_text(resolver->pool, found[4]) : NULL;
	} else if (found && is_number(text, &user.uid)) {
		user.gid = user.uid; /* as for users with a group of their own: never superd's */
		user.wrong = NULL;
	}
	return user;
}

struct found_name accounts_group(struct resolver *resolver, const char *text)
{
	struct found_name group = { .wrong = NULL };
	const char *wrong;
	words found;

	if (is_number(text, &group.gid))
		return group;
	found = resolver_ask(resolver, &groups, text, &wrong);
	group.wrong = name_flaw(resolver->pool, found, wrong, "there is no such group here");
	if (found && *found)
		lookup_number(found[0], &group.gid);
	return group;
}

bool accounts_need(struct resolver *resolver, const struct service *service, const char *option, const char *text,
		   bool is_group, struct found_name *found)
{
	*found = (is_group ? accounts_group : accounts_user)(resolver, text);
	return !found->wrong || accounts_refuse(resolver, service, option, text, found->wrong);
}

bool accounts_has_group_id(struct resolver *resolver, gid_t gid, const char **name)
{
	const char *text = pool_textf(resolver->pool, "%u", (unsigned)gid), *wrong;
	words found = text ? resolver_ask(resolver, &groups, text, &wrong) : NULL;

	*name = found && *found ? pool_text(resolver->pool, found[1]) : NULL;
	return *name;
}

bool accounts_pair(struct resolver *resolver, const char *text, struct found_name *user, struct found_name *group,
		   const char **wrong)
{
	bool is_known = false;

	for (const char *dot = strchr(text, '.'); dot; dot = strchr(dot + 1, '.')) {
		const char *name = pool_text_n(resolver->pool, text, (size_t)(dot - text)), *said;
		struct found_name front;

		if (!name || !*name || (front = accounts_user(resolver, name)).wrong)
			continue;
		*group = accounts_group(resolver, dot + 1);
		if (!group->wrong) {
			*user = front;
			return true;
		}
		said = is_known ? NULL : pool_textf(resolver->pool, "group %s: %s", dot + 1, group->wrong);
		*wrong = said ? said : *wrong;
		is_known = true;
	}
	return false;
}
