/* The accounts that services and superd's own programs run with. */
#include "superd/machine/machine.h"

#include <grp.h>
#include <linux/capability.h>

/* Lists of groups: getgrouplist(3), getgroups(2). */

/* A list of groups without duplicates. A zeroed struct is empty. */
struct gids {
	gid_t *list; /* the caller frees it */
	int count;
};

static bool gids_has(const struct gids *gids, gid_t gid)
{
	for (int i = 0; i < gids->count; i++) {
		if (gids->list[i] == gid)
			return true;
	}
	return false;
}

/* false: out of memory */
static bool gids_reserve(struct gids *gids, int room)
{
	gid_t *list = reallocarray(gids->list, (size_t)room, sizeof(*list));

	gids->list = list ? list : gids->list;
	return list;
}

static bool gids_add(struct gids *gids, gid_t gid)
{
	if (gids_has(gids, gid))
		return true;
	if (!gids_reserve(gids, gids->count + 1))
		return false;
	gids->list[gids->count++] = gid;
	return true;
}

/* The groups of "GID NAME", with that group as the first. */
static int call_groups(const char *key, const char *name, struct nss_answer *answer)
{
	gid_t gid = (gid_t)strtoul(name, NULL, 10);
	struct gids gids = { 0 };
	int status = -1;

	(void)key;
	name = strchr(name, ' ') + 1;
	for (int room = 32; room <= 65536 + 1 && status < 0; room *= 2) {
		gids.count = room;
		if (!gids_reserve(&gids, room) || !library_has_memory(NSS_MEMORY))
			break;
		status = getgrouplist(name, gid, gids.list, &gids.count);
	}
	for (int n = 0; status >= 0 && n < gids.count; n++)
		answer_add_number(answer, gids.list[n]);
	free(gids.list);
	return status < 0 ? ENOMEM : 0;
}

/* Fills in the user's groups (getgrouplist(3)), with `gid` as the first. false: out of memory, or there
 * are too many. */
static bool gids_of_user(struct gids *gids, struct resolver *resolver, const char *name, gid_t gid)
{
	static const struct ask_kind kind = { "groups", "NSS: the groups of the user", "n", call_groups };
	const char *key = pool_textf(resolver->pool, "%u %s", (unsigned)gid, name), *wrong;
	words found = key ? resolver_ask(resolver, &kind, key, &wrong) : NULL;
	bool good = found;
	uint32_t number;

	for (; good && *found; found++)
		good = lookup_number(*found, &number) && gids_add(gids, number);
	return good;
}

/* Fills in superd's own groups (getgroups(2)). false and errno. */
static bool gids_of_superd(struct gids *gids)
{
	int count = getgroups(0, NULL);

	if (count < 0 || !gids_reserve(gids, count + 1))
		return false;
	gids->count = getgroups(count, gids->list);
	return gids->count >= 0;
}

/* Tries to set superd's own groups, as /proc may be missing. */
static bool gids_must_be_kept(void)
{
	struct gids own = { 0 };
	bool denied = gids_of_superd(&own) && raw_set_groups((size_t)own.count, own.list) < 0 && errno == EPERM;

	free(own.list);
	return denied;
}

/* User ids for superd's helper programs. A user namespace, as in a container, may map only some ids, and a process
 * cannot change to an unmapped id. Source: user_namespaces(7). */

#define CANDIDATES 8 /* candidate ids of a program with one id */
#define LAST_INDEX (HELPER_USERS - 1)

/* Marks the numbers in these fields of each line. getpwent(3) and similar calls are not safe beside threads, and may
 * read more than the files. false and errno: it may have more. */
static bool read_ids(struct helper_users *users, const char *path, int first, int last)
{
	FILE *file = fopen(path, "re");
	char *line = NULL;
	bool is_whole;
	size_t size = 0;
	int error;

	while (file && getline(&line, &size, file) >= 0) {
		const char *at = line;

		for (int field = 0; at && field <= last; field++) {
			unsigned long id = field < first ? 0 : strtoul(at, NULL, 10);

			if (id >= OWN_USERS_FIRST && id - OWN_USERS_FIRST < HELPER_USERS)
				users->taken[id - OWN_USERS_FIRST] = true;
			at = strchr(at, ':');
			at = at ? at + 1 : NULL;
		}
	}
	error = errno;
	is_whole = file ? feof(file) : error != EMFILE && error != ENFILE && error != ENOMEM;
	free(line);
	if (file)
		fclose(file);
	errno = error;
	return is_whole;
}

bool group_is_empty(void *context, gid_t group)
{
	/* the field of the number, and that of the members */
	static const struct { const char *path; int number, members; } files[] = {
		{ "/etc/passwd", 3, -1 }, { "/etc/group", 2, 3 },
	};
	bool is_known = false, is_empty = true;
	char *line = NULL;
	size_t size = 0;

	(void)context;
	for (size_t n = 0; n < sizeof(files) / sizeof(*files); n++) {
		FILE *file = fopen(files[n].path, "re");

		while (is_empty && file && getline(&line, &size, file) >= 0) {
			const char *at = line, *number = NULL, *members = NULL;

			for (int field = 0; at; field++) {
				number = field == files[n].number ? at : number;
				members = field == files[n].members ? at : members;
				at = strchr(at, ':');
				at = at ? at + 1 : NULL;
			}
			if (!number || strtoul(number, NULL, 10) != group)
				continue;
			is_known = true;
			is_empty = members && strchr("\n", *members);
		}
		if (file)
			fclose(file);
	}
	free(line);
	return is_known && is_empty;
}

/* Marks the ids that the files contain. false and errno: it may not be all of them. */
static bool helper_users_look(struct helper_users *users)
{
	memset(users, 0, sizeof(*users));
	return read_ids(users, "/etc/passwd", 2, 3) && read_ids(users, "/etc/group", 2, 2);
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

/* Why superd cannot change to these users, as the end of a sentence; NULL: it can. */
static const char *helper_users_refused(void)
{
	if (!capability_held(CAP_SETUID) || !capability_held(CAP_SETGID))
		return "superd may not change its user (CAP_SETUID and CAP_SETGID are missing)";
	if (!id_map_has_uids(OWN_USERS_FIRST, HELPER_USERS) || !id_map_has_gids(OWN_USERS_FIRST, HELPER_USERS))
		return "this user namespace has no ids from 60578 to 61183";
	return NULL;
}

uid_t helper_user_id(enum helper_user which, bool *known)
{
	struct helper_users users;

	*known = helper_users_look(&users);
	return find_free(&users, (unsigned)which * CANDIDATES, CANDIDATES, 0);
}

const struct account *helper_user_account(enum helper_user which)
{
	static struct {
		pthread_mutex_t lock;
		bool known[HELPER_USER_FILTER + 1];
		struct account list[HELPER_USER_FILTER + 1];
	} accounts = { PTHREAD_MUTEX_INITIALIZER,
		       { false },
		       { { .name = "superd-lookup" }, { .name = "superd-rpc" }, { .name = "superd-filter" } } };
	struct account *account = &accounts.list[which];

	if (geteuid() != 0 || helper_users_refused())
		return NULL;
	pthread_mutex_lock(&accounts.lock);
	if (!accounts.known[which]) {
		account->uid = account->gid = helper_user_id(which, &accounts.known[which]);
		account->keeps_groups = gids_must_be_kept();
		account->switches = true;
	}
	pthread_mutex_unlock(&accounts.lock);
	return account;
}

/* dynamic_user: an unused id for a service that needs a user of its own. Source: DynamicUser= of systemd.exec(5), and
 * systemd's UIDS-GIDS.md for the range.
 *
 * A service must get the same id each time, as files belong to it. The id is a hash of the name, unless a directory of
 * the service already belongs to an id of the range, or the hashed id is taken. */

#define FIRST_DYNAMIC 61184u
#define LAST_DYNAMIC 65519u

/* Whether the id is taken: by another service of this table, by an entry of NSS, or by systemd. */
static bool is_taken(struct resolver *resolver, const char *name, uid_t id)
{
	const char *number, *group;
	const void *owner;
	char path[64];

	number = pool_textf(resolver->pool, "%u", (unsigned)id);
	if (!number)
		return true;
	if (ptr_map_get(&resolver->dynamic, number, NULL, &owner))
		return strcmp(owner, name) != 0;
	snprintf(path, sizeof(path), "/run/systemd/dynamic-uid/%u", (unsigned)id);
	return accounts_user(resolver, number).listed || accounts_has_group_id(resolver, id, &group) ||
		access(path, F_OK) == 0;
}

/* The user with this name, or else a dynamic one (DynamicUser= of systemd.exec(5)): with the id that owns the service's
 * directories, or a free one. */
static struct found_name accounts_dynamic(struct resolver *resolver, const struct service *service, const char *name)
{
	const uint32_t range = LAST_DYNAMIC - FIRST_DYNAMIC + 1, start = hash_text_32(name) % range;
	struct found_name user = accounts_user(resolver, name);
	struct directory_kind kinds[DIRECTORY_KINDS];
	struct process_defaults defaults = { 0 };
	const char *number;
	uid_t owner;

	if (!user.wrong)
		return user;
	user = (struct found_name){ .name = name, .home = "/", .shell = "/usr/sbin/nologin" };
	directories_find_bases(&defaults);
	directories_of(service, &defaults, kinds);
	for (size_t kind = 0; kind < DIRECTORY_KINDS && !user.uid; kind++) {
		for (words at = kinds[kind].names; kinds[kind].is_owned && at && *at && !user.uid; at++) {
			if (directories_find_owner(kinds[kind].base, *at, &owner) && owner >= FIRST_DYNAMIC &&
			    owner <= LAST_DYNAMIC)
				user.uid = owner;
		}
	}
	if (user.uid && is_taken(resolver, name, user.uid))
		user.uid = 0;
	for (uint32_t n = 0; n < range && !user.uid; n++) {
		uid_t id = FIRST_DYNAMIC + (start + n) % range;

		if (!is_taken(resolver, name, id))
			user.uid = id;
	}
	user.gid = user.uid;
	number = user.uid ? pool_textf(resolver->pool, "%u", (unsigned)user.uid) : NULL;
	if (number)
		ptr_map_put(&resolver->dynamic, number, NULL, name);
	else
		user.wrong = user.uid ? "out of memory" : "no id from 61184 to 65519 is free";
	return user;
}

/* The account of a service: its user, its group and its supplementary groups.
 *
 * A superd without root can run services only as itself. An account that is superd's own needs no change of user; any
 * other is refused here, where the message can name the line of the table. */

static const char not_root[] = "superd does not run as root, so its services run as its own user and group only";

/* An account while it is built. */
struct account_build {
	struct account account;
	const char *user; /* configured or default user; NULL: superd's own */
	struct gids gids;
	bool listed; /* the user has an entry in NSS */
	bool own;    /* it is a service of a helper program, with a user of its own */
};

/* Whether the service runs as a user that no other service has: a helper program of superd's, which needs no
 * privileges, serves its clients. That superd cannot change its user is reported once for all services of a table. */
static bool has_own_user(struct resolver *resolver, const struct service *service)
{
	if ((!service_is_builtin(service) && service->groups->access->deny_time < 0) || geteuid() != 0 ||
	    service->groups->identity->user || service->groups->identity->dynamic_user)
		return false;
	if (!resolver->helper_users_wrong) {
		const char *why = helper_users_refused();

		resolver->helper_users_wrong = why ? why : "";
		if (why)
			diag_warning(resolver->diags, service->at, "%s: superd's own programs run as superd's user: %s",
				     service->name, resolver->helper_users_wrong);
	}
	return !*resolver->helper_users_wrong;
}

/* An id that no other service has: a superd-builtin's. NULL, or why there is none. */
static const char *take_own_user(struct resolver *resolver, const struct service *service, uid_t *uid)
{
	if (!resolver->helper_users) {
		struct helper_users *users = pool_alloc(resolver->pool, sizeof(*users));

		if (!users || !helper_users_look(users))
			return users ? strerror(errno) : "out of memory";
		resolver->helper_users = users;
	}
	*uid = helper_user_for(resolver->helper_users, service->name);
	return NULL;
}

bool accounts_of_relay(struct resolver *resolver, const struct service *service, const struct account **relay)
{
	const struct account *account = service->account;
	bool to_path = !service->exec->redirect[1];
	struct account made;
	const char *wrong;

	*relay = to_path || (account && account->switches && account->uid != 0) ? account : NULL;
	if (*relay || to_path || geteuid() != 0 || helper_users_refused())
		return true;
	memset(&made, 0, sizeof(made)); /* the padding, too: pools share equal bytes */
	made.name = "superd-builtin";
	made.keeps_groups = gids_must_be_kept();
	made.switches = true;
	wrong = take_own_user(resolver, service, &made.uid);
	made.gid = made.uid;
	if (!wrong && (*relay = pool_keep(resolver->pool, &made, sizeof(made))))
		return true;
	diag_error(resolver->diags, service_origin(service, "redirect"), "%s: %s: no user for its relay: %s",
		   service->name, option_name_of(service, "redirect"), wrong ? wrong : "out of memory");
	return false;
}

/* The user that the table names, or the default for this kind of service. */
static struct found_name find_user(struct resolver *resolver, const struct service *service,
				   const struct account_build *build, const char *own)
{
	struct found_name user = { .name = "superd-builtin", .home = "/", .shell = "/usr/sbin/nologin" };

	if (service->groups->identity->dynamic_user)
		return accounts_dynamic(resolver, service, build->user);
	if (!build->own)
		return accounts_user(resolver, build->user ? build->user : own);
	user.wrong = take_own_user(resolver, service, &user.uid);
	user.gid = user.uid;
	return user;
}

static bool set_user(struct resolver *resolver, const struct service *service, struct account_build *build)
{
	const char *text = build->user, *wrong;
	bool is_whole = text && !service->groups->identity->group;
	struct found_name user, group = { .gid = 0 };
	char own[16];
	bool is_pair;

	snprintf(own, sizeof(own), "%u", (unsigned)geteuid());
	user = find_user(resolver, service, build, own);
	wrong = user.wrong;
	is_pair = wrong && is_whole && accounts_pair(resolver, text, &user, &group, &wrong);
	if (wrong && !is_pair)
		return accounts_refuse(resolver, service, "user", text ? text : own, wrong);
	build->listed = user.listed;
	build->account.name = user.name;
	build->account.home = user.home;
	build->account.shell = user.shell;
	build->account.uid = user.uid;
	build->account.gid = is_pair ? group.gid : text ? user.gid : getegid();
	return true;
}

static bool set_groups(struct resolver *resolver, const struct service *service, struct account_build *build)
{
	const struct identity_options *identity = service->groups->identity;
	struct found_name group;
	bool filled = true;

	if (identity->group) {
		if (!accounts_need(resolver, service, "group", identity->group, true, &group))
			return false;
		build->account.gid = group.gid;
	}
	if (identity->groups && !build->user)
		filled = gids_of_superd(&build->gids);
	else if (identity->groups && build->listed)
		filled = gids_of_user(&build->gids, resolver, build->account.name, build->account.gid);
	if (!filled || !gids_add(&build->gids, build->account.gid))
		return resolver_lacks_memory(resolver, service);
	for (words text = identity->supplementary_groups; text && *text; text++) {
		if (!accounts_need(resolver, service, "supplementary_groups", *text, true, &group))
			return false;
		if (!gids_add(&build->gids, group.gid))
			return resolver_lacks_memory(resolver, service);
	}
	return true;
}

/* The option that needs more than superd has; NULL: none. */
static const char *find_differing_option(const struct account_build *build, const struct identity_options *identity,
					 const struct gids *own)
{
	bool differs = false;

	if (build->account.uid != geteuid())
		return "user";
	if (build->account.gid != getegid())
		return identity->group ? "group" : "user";
	for (int n = 0; n < build->gids.count; n++)
		differs |= !gids_has(own, build->gids.list[n]) && build->gids.list[n] != getegid();
	return differs && identity->supplementary_groups ? "supplementary_groups" : NULL;
}

static const char *option_text(const struct identity_options *identity, const char *option)
{
	if (!strcmp(option, "user"))
		return identity->user;
	return !strcmp(option, "group") ? identity->group : identity->supplementary_groups[0];
}

/* Without the right to change users, a service can run only with superd's own account, and with superd's groups. */
static bool resolve_unprivileged(struct resolver *resolver, const struct service *service, struct account_build *build)
{
	struct gids own = { 0 };
	const char *option;

	if (!gids_of_superd(&own)) {
		free(own.list);
		return resolver_lacks_memory(resolver, service);
	}
	option = find_differing_option(build, service->groups->identity, &own);
	if (option && resolver->is_only_checked) {
		free(own.list);
		return build->account.switches = true;
	}
	free(build->gids.list);
	build->gids = own;
	if (!option)
		return true;
	return accounts_refuse(resolver, service, option, option_text(service->groups->identity, option), not_root);
}

/* Whether superd has this account already, with its groups: then nothing needs to be set. An init system starts superd
 * without supplementary groups, and the account's own group among them gives no further rights (credentials(7)). */
static bool is_superds_own(const struct account_build *build)
{
	struct gids own = { 0 };
	bool same = build->account.uid == geteuid() && build->account.uid == getuid() &&
		build->account.gid == getegid() && build->account.gid == getgid() && gids_of_superd(&own) &&
		(own.count || gids_add(&own, build->account.gid)) && own.count == build->gids.count;

	for (int n = 0; same && own.list && n < own.count; n++)
		same = gids_has(&build->gids, own.list[n]);
	free(own.list);
	return same;
}

/* false: the user namespace does not map an id, so that the kernel would refuse it at each start; it is reported. */
static bool check_mapped(struct resolver *resolver, const struct service *service, const struct account_build *build)
{
	const struct identity_options *identity = service->groups->identity;
	const char *wrong = NULL;
	const char *option = NULL;
	unsigned id = build->account.uid;
	bool is_user = !id_map_has_uids(id, 1);

	if (is_user)
		option = identity->dynamic_user ? "dynamic_user" : "user";
	else if (!id_map_has_gids(id = build->account.gid, 1))
		option = identity->group ? "group" : "user";
	for (int n = 0; !option && n < build->gids.count && !build->account.keeps_groups; n++) {
		id = build->gids.list[n];
		if (!id_map_has_gids(id, 1))
			option = identity->supplementary_groups ? "supplementary_groups" : "user";
	}
	if (!option)
		return true;
	wrong = pool_textf(resolver->pool, "this user namespace does not map %s id %u", is_user ? "user" : "group", id);
	if (!wrong)
		return resolver_lacks_memory(resolver, service);
	return accounts_refuse(resolver, service, option,
			       strcmp(option, "dynamic_user") ? option_text(identity, option) : "yes", wrong);
}

static bool resolve_switching(struct resolver *resolver, const struct service *service, struct account_build *build)
{
	const struct identity_options *identity = service->groups->identity;

	if ((!build->user && !identity->group && !identity->supplementary_groups) || is_superds_own(build))
		return true;
	build->account.switches = capability_held(CAP_SETUID) && capability_held(CAP_SETGID);
	build->account.keeps_groups = gids_must_be_kept();
	if (!build->account.switches)
		return resolve_unprivileged(resolver, service, build);
	return build->own || check_mapped(resolver, service, build);
}

static const struct account *keep_account(struct resolver *resolver, const struct service *service,
					  struct account_build *build)
{
	const struct account *kept = NULL;

	build->account.group_count = (size_t)build->gids.count;
	if (build->gids.count)
		build->account.groups = pool_keep(resolver->pool, build->gids.list,
						  build->account.group_count * sizeof(*build->gids.list));
	if (build->account.groups || !build->gids.count)
		kept = pool_keep(resolver->pool, &build->account, sizeof(build->account));
	if (kept)
		ptr_map_put(&resolver->accounts, service->groups->identity, build->user, kept);
	else
		resolver_lacks_memory(resolver, service);
	return kept;
}

const struct account *accounts_of(struct resolver *resolver, const struct service *service, bool may_be_own)
{
	const struct identity_options *identity = service->groups->identity;
	const struct account *account = NULL;
	struct account_build build;
	const void *known;

	memset(&build, 0, sizeof(build)); /* the padding, too: pools share equal bytes */
	build.own = may_be_own && has_own_user(resolver, service);
	build.user = identity->user ? identity->user : identity->dynamic_user || build.own ? service->name : NULL;
	if (ptr_map_get(&resolver->accounts, identity, build.user, &known))
		return known;
	if (identity->dynamic_user && !resolver->is_only_checked &&
	    !(capability_held(CAP_SETUID) && capability_held(CAP_SETGID))) {
		accounts_refuse(resolver, service, "dynamic_user", "yes", not_root);
		return NULL;
	}
	if (set_user(resolver, service, &build) && set_groups(resolver, service, &build) &&
	    resolve_switching(resolver, service, &build))
		account = keep_account(resolver, service, &build);
	free(build.gids.list);
	return account;
}
