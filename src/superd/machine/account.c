/* The account of a service: its user, its group and its supplementary groups.
 *
 * A superd without root can run services only as itself. An account that is superd's own needs no change of user; any
 * other is refused here, where the message can name the line of the table. */
#include "superd/machine/account.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "os/rights/capability.h"
#include "os/rights/id_map.h"
#include "superd/machine/gids.h"

static const char not_root[] = "superd does not run as root, so its services run as its own user and group only";

/* An account while it is built. */
struct account_build {
	struct account account;
	const char *user;               /* configured or default user; NULL: superd's own */
	struct gids gids;
	bool listed;                    /* the user has an entry in NSS */
	bool own;                       /* it is a service of a helper program, with a user of its own */
};

static bool out_of_memory(struct accounts *accounts, const struct service *service)
{
	diag_error(accounts->diags, service->at, "%s: looking up its user: out of memory", service->name);
	return false;
}

/* Whether a helper program of superd's serves the clients, which needs no privileges. */
static bool is_helper_service(const struct service *service)
{
	return service_is_builtin(service) || service->groups->access->deny_time >= 0;
}

/* Checked, and reported, once for all services of a table. */
static bool helper_users_are_refused(struct accounts *accounts, const struct service *service)
{
	if (accounts->helper_users_checked)
		return accounts->helper_users_wrong;
	accounts->helper_users_checked = true;
	accounts->helper_users_wrong = helper_users_refused();
	if (accounts->helper_users_wrong)
		diag_warning(accounts->diags, service->at, "%s: superd's own programs run as superd's user: %s",
			     service->name, accounts->helper_users_wrong);
	return accounts->helper_users_wrong;
}

/* Whether the service runs as a user that no other service has. */
static bool has_own_user(struct accounts *accounts, const struct service *service)
{
	return is_helper_service(service) && !service->groups->identity->user &&
		!service->groups->identity->dynamic_user && geteuid() == 0 &&
		!helper_users_are_refused(accounts, service);
}

static const struct found_name *find_own_user(struct accounts *accounts, const struct service *service)
{
	struct found_name *user = pool_alloc(accounts->pool, sizeof(*user));

	if (user && !accounts->helper_users) {
		accounts->helper_users = pool_alloc(accounts->pool, sizeof(*accounts->helper_users));
		if (accounts->helper_users)
			helper_users_look(accounts->helper_users);
	}
	if (!user || !accounts->helper_users)
		return NULL;
	*user = (struct found_name){ .name = "superd-builtin", .home = "/", .shell = "/usr/sbin/nologin" };
	user->uid = helper_user_for(accounts->helper_users, service->name);
	user->gid = user->uid;
	return user;
}

/* The user that the table names, or the default for this kind of service. */
static const struct found_name *find_user(struct accounts *accounts, const struct service *service,
					  const struct account_build *build, const char *own)
{
	if (build->own)
		return find_own_user(accounts, service);
	if (service->groups->identity->dynamic_user)
		return accounts_dynamic(accounts, service, build->user);
	return accounts_user(accounts, build->user ? build->user : own);
}

static bool set_user(struct accounts *accounts, const struct service *service, struct account_build *build)
{
	const char *text = build->user;
	bool is_whole = text && !service->groups->identity->group;
	const struct found_name *group = NULL;
	const struct found_name *user;
	struct lookup_failure failure;
	char own[16];

	snprintf(own, sizeof(own), "%u", (unsigned)geteuid());
	user = find_user(accounts, service, build, own);
	if (!user)
		return out_of_memory(accounts, service);
	failure = (struct lookup_failure){ user->wrong, user->near };
	if (user->wrong && !(is_whole && accounts_pair(accounts, text, &user, &group, &failure)))
		return accounts_refuse(accounts, service, "user", text ? text : own, failure);
	build->listed = user->listed;
	build->account.name = user->name;
	build->account.home = user->home;
	build->account.shell = user->shell;
	build->account.uid = user->uid;
	build->account.gid = group ? group->gid : text ? user->gid : getegid();
	return true;
}

static bool set_group(struct accounts *accounts, const struct service *service, struct account_build *build)
{
	const char *text = service->groups->identity->group;
	const struct found_name *group = text ? accounts_need(accounts, service, "group", text, true) : NULL;

	if (group)
		build->account.gid = group->gid;
	return group || !text;
}

static bool set_groups(struct accounts *accounts, const struct service *service, struct account_build *build)
{
	const struct identity_options *identity = service->groups->identity;
	bool filled = true;

	if (identity->groups && !build->user)
		filled = gids_of_superd(&build->gids);
	else if (identity->groups && build->listed)
		filled = gids_of_user(&build->gids, accounts->lookups, build->account.name, build->account.gid);
	if (!filled || !gids_add(&build->gids, build->account.gid))
		return out_of_memory(accounts, service);
	for (words text = identity->supplementary_groups; text && *text; text++) {
		const struct found_name *group =
			accounts_need(accounts, service, "supplementary_groups", *text, true);

		if (!group)
			return false;
		if (!gids_add(&build->gids, group->gid))
			return out_of_memory(accounts, service);
	}
	return true;
}

/* The option that needs more than superd has; NULL: none. */
static const char *find_differing_option(const struct account_build *build, const struct identity_options *identity,
					 const struct gids *own)
{
	if (build->account.uid != geteuid())
		return "user";
	if (build->account.gid != getegid())
		return identity->group ? "group" : "user";
	if (!identity->supplementary_groups)
		return NULL;
	for (int i = 0; i < build->gids.count; i++) {
		if (!gids_has(own, build->gids.list[i]) && build->gids.list[i] != getegid())
			return "supplementary_groups";
	}
	return NULL;
}

static const char *option_text(const struct identity_options *identity, const char *option)
{
	if (!strcmp(option, "user"))
		return identity->user;
	return !strcmp(option, "group") ? identity->group : identity->supplementary_groups[0];
}

/* Without the right to change users, a service can run only with superd's own account, and with superd's groups. */
static bool resolve_unprivileged(struct accounts *accounts, const struct service *service, struct account_build *build)
{
	struct gids own = { 0 };
	const char *option;

	if (!gids_of_superd(&own)) {
		free(own.list);
		return out_of_memory(accounts, service);
	}
	option = find_differing_option(build, service->groups->identity, &own);
	if (option && accounts->is_only_checked) {
		free(own.list);
		return build->account.switches = true;
	}
	free(build->gids.list);
	build->gids = own;
	if (!option)
		return true;
	return accounts_refuse(accounts, service, option, option_text(service->groups->identity, option),
			       (struct lookup_failure){ not_root, NULL });
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

/* The first option whose id the user namespace does not map, so that the kernel would refuse it at each start; NULL:
 * none. `*id` is that id. */
static const char *find_unmapped_option(const struct account_build *build, const struct identity_options *identity,
					unsigned *id)
{
	*id = build->account.uid;
	if (!id_map_has_uids(*id, 1))
		return identity->dynamic_user ? "dynamic_user" : "user";
	*id = build->account.gid;
	if (!id_map_has_gids(*id, 1))
		return identity->group ? "group" : "user";
	for (int n = 0; n < build->gids.count && !build->account.keeps_groups; n++) {
		*id = build->gids.list[n];
		if (!id_map_has_gids(*id, 1))
			return identity->supplementary_groups ? "supplementary_groups" : "user";
	}
	return NULL;
}

static bool check_mapped(struct accounts *accounts, const struct service *service, const struct account_build *build)
{
	const struct identity_options *identity = service->groups->identity;
	unsigned id;
	const char *option = find_unmapped_option(build, identity, &id);
	struct buf text = { 0 };
	struct lookup_failure failure = { NULL, NULL };

	if (!option)
		return true;
	buf_addf(&text, "this user namespace does not map %s id %u",
		 id_map_has_uids(build->account.uid, 1) ? "group" : "user", id);
	failure.wrong = pool_text(accounts->pool, buf_string(&text));
	buf_free(&text);
	if (!failure.wrong)
		return out_of_memory(accounts, service);
	return accounts_refuse(accounts, service, option,
			       strcmp(option, "dynamic_user") ? option_text(identity, option) : "yes", failure);
}

static bool resolve_switching(struct accounts *accounts, const struct service *service, struct account_build *build)
{
	const struct identity_options *identity = service->groups->identity;

	if (!build->user && !identity->group && !identity->supplementary_groups)
		return true;
	if (is_superds_own(build))
		return true;
	build->account.switches = capability_held(CAP_SETUID) && capability_held(CAP_SETGID);
	build->account.keeps_groups = gids_must_be_kept();
	if (!build->account.switches)
		return resolve_unprivileged(accounts, service, build);
	return build->own || check_mapped(accounts, service, build);
}

static const struct account *keep_account(struct accounts *accounts, const struct service *service,
					  struct account_build *build)
{
	const struct account *kept = NULL;

	build->account.group_count = (size_t)build->gids.count;
	if (build->gids.count)
		build->account.groups = pool_keep(accounts->pool, build->gids.list,
						  build->account.group_count * sizeof(*build->gids.list));
	if (build->account.groups || !build->gids.count)
		kept = pool_keep(accounts->pool, &build->account, sizeof(build->account));
	if (kept)
		ptr_map_put(&accounts->known, service->groups->identity, build->user, kept);
	else
		out_of_memory(accounts, service);
	return kept;
}

/* The configured or default user; NULL: superd's own. */
static const char *user_name(const struct service *service, bool own)
{
	if (service->groups->identity->user)
		return service->groups->identity->user;
	return service->groups->identity->dynamic_user || own ? service->name : NULL;
}

const struct account *accounts_of(struct accounts *accounts, const struct service *service)
{
	bool own = has_own_user(accounts, service);
	const char *user = user_name(service, own);
	struct account_build build;
	const struct account *account = NULL;
	const void *known;

	if (ptr_map_get(&accounts->known, service->groups->identity, user, &known))
		return known;
	if (service->groups->identity->dynamic_user && !accounts->is_only_checked &&
	    !(capability_held(CAP_SETUID) && capability_held(CAP_SETGID))) {
		accounts_refuse(accounts, service, "dynamic_user", "yes", (struct lookup_failure){ not_root, NULL });
		return NULL;
	}
	memset(&build, 0, sizeof(build));       /* the padding, too: pools share equal bytes */
	build.user = user;
	build.own = own;
	if (set_user(accounts, service, &build) && set_group(accounts, service, &build) &&
	    set_groups(accounts, service, &build) && resolve_switching(accounts, service, &build))
		account = keep_account(accounts, service, &build);
	free(build.gids.list);
	return account;
}
