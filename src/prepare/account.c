/* The account of a service: its user, its group and its supplementary groups.
 *
 * A superd without root can run services only as itself. An account that is superd's own needs no change of user; any
 * other is refused here, where the message can name the line of the table. */
#include "prepare/account.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "os/rights/capability.h"
#include "prepare/gids.h"

/* An account while it is put together. */
struct draft_account {
	struct account account;
	const char *user;               /* as the service has it, or by default; NULL: superd's own */
	struct gids gids;
	bool listed;                    /* its user has an entry */
	bool own;                       /* it is one of superd's own programs, with a user of its own */
};

static bool out_of_memory(struct accounts *accounts, const struct service *service)
{
	diag_error(accounts->diags, service->at, "%s: looking up its user: out of memory", service->name);
	return false;
}

/* Whether superd's own program serves the clients, which needs no privileges. */
static bool is_own(const struct service *service)
{
	return service->exec->builtin || service->exec->redirect || service->groups->access->deny_time >= 0;
}

/* Asked once for all services of a table, and said once. */
static bool helper_users_are_refused(struct accounts *accounts, const struct service *service)
{
	if (accounts->own_asked)
		return accounts->own_refused;
	accounts->own_asked = true;
	accounts->own_refused = helper_users_refused();
	if (accounts->own_refused)
		diag_warning(accounts->diags, service->at, "%s: superd's own programs run as superd's user: %s",
			     service->name, accounts->own_refused);
	return accounts->own_refused;
}

/* Whether it runs as a user that no other service has. */
static bool has_own_user(struct accounts *accounts, const struct service *service)
{
	return is_own(service) && !service->groups->identity->user && !service->groups->identity->dynamic_user &&
		geteuid() == 0 && !helper_users_are_refused(accounts, service);
}

static const struct found_user *find_own_user(struct accounts *accounts, const struct service *service)
{
	struct found_user *user = pool_alloc(accounts->pool, sizeof(*user));

	if (user && !accounts->own) {
		accounts->own = pool_alloc(accounts->pool, sizeof(*accounts->own));
		if (accounts->own)
			helper_users_look(accounts->own);
	}
	if (!user || !accounts->own)
		return NULL;
	*user = (struct found_user){ .name = "superd-builtin", .home = "/", .shell = "/usr/sbin/nologin" };
	user->uid = helper_user_for(accounts->own, service->name);
	user->gid = user->uid;
	return user;
}

/* The user that the table names, or the one that this kind of service gets. */
static const struct found_user *find_user(struct accounts *accounts, const struct service *service,
					  const struct draft_account *draft, const char *own)
{
	if (draft->own)
		return find_own_user(accounts, service);
	if (service->groups->identity->dynamic_user)
		return accounts_dynamic(accounts, service, draft->user);
	return accounts_user(accounts, draft->user ? draft->user : own);
}

static bool pick_user(struct accounts *accounts, const struct service *service, struct draft_account *draft)
{
	const char *text = draft->user;
	bool is_whole = text && !service->groups->identity->group;
	const struct found_group *group = NULL;
	const struct found_user *user;
	char own[16];

	snprintf(own, sizeof(own), "%u", (unsigned)geteuid());
	user = find_user(accounts, service, draft, own);
	if (!user)
		return out_of_memory(accounts, service);
	if (user->wrong && !(is_whole && accounts_pair(accounts, text, &user, &group))) {
		const char *wrong = user->wrong, *near = user->near;

		if (is_whole)
			accounts_explain_pair(accounts, text, &wrong, &near);
		return accounts_refuse(accounts, service, "user", text ? text : own, wrong, near);
	}
	draft->listed = user->listed;
	draft->account.name = user->name;
	draft->account.home = user->home;
	draft->account.shell = user->shell;
	draft->account.uid = user->uid;
	draft->account.gid = group ? group->gid : text ? user->gid : getegid();
	return true;
}

static bool pick_group(struct accounts *accounts, const struct service *service, struct draft_account *draft)
{
	const char *text = service->groups->identity->group;
	const struct found_group *group;

	if (!text)
		return true;
	group = accounts_group(accounts, text);
	if (!group)
		return out_of_memory(accounts, service);
	if (group->wrong)
		return accounts_refuse(accounts, service, "group", text, group->wrong, group->near);
	draft->account.gid = group->gid;
	return true;
}

static bool pick_groups(struct accounts *accounts, const struct service *service, struct draft_account *draft)
{
	const struct identity_options *identity = service->groups->identity;
	bool filled = true;

	if (identity->groups && !draft->user)
		filled = gids_of_superd(&draft->gids);
	else if (identity->groups && draft->listed)
		filled = gids_of_user(&draft->gids, draft->account.name, draft->account.gid);
	if (!filled || !gids_add(&draft->gids, draft->account.gid))
		return out_of_memory(accounts, service);
	for (words text = identity->supplementary_groups; text && *text; text++) {
		const struct found_group *group = accounts_group(accounts, *text);

		if (!group)
			return out_of_memory(accounts, service);
		if (group->wrong)
			return accounts_refuse(accounts, service, "supplementary_groups", *text, group->wrong,
					       group->near);
		if (!gids_add(&draft->gids, group->gid))
			return out_of_memory(accounts, service);
	}
	return true;
}

/* The option that asks for more than superd has; NULL: nothing does. */
static const char *what_differs(const struct draft_account *draft, const struct identity_options *identity,
				const struct gids *own)
{
	if (draft->account.uid != geteuid())
		return "user";
	if (draft->account.gid != getegid())
		return identity->group ? "group" : "user";
	if (!identity->supplementary_groups)
		return NULL;
	for (int i = 0; i < draft->gids.count; i++) {
		if (!gids_has(own, draft->gids.list[i]) && draft->gids.list[i] != getegid())
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

/* Without the right to switch, an account superd has already is what it runs with; its groups
 * are then superd's. */
static bool settle_unprivileged(struct accounts *accounts, const struct service *service, struct draft_account *draft)
{
	struct gids own = { 0 };
	const char *option;

	if (!gids_of_superd(&own)) {
		free(own.list);
		return out_of_memory(accounts, service);
	}
	option = what_differs(draft, service->groups->identity, &own);
	if (option && accounts->trusts) {
		free(own.list);
		return draft->account.switches = true;
	}
	free(draft->gids.list);
	draft->gids = own;
	if (!option)
		return true;
	return accounts_refuse(accounts, service, option, option_text(service->groups->identity, option),
			       "superd does not run as root, so its services run as its own user and group only", NULL);
}

/* Whether superd is this account already, groups and all: then nothing needs to be set. */
static bool is_superds_own(const struct draft_account *draft)
{
	struct gids own = { 0 };
	bool same = draft->account.uid == geteuid() && draft->account.uid == getuid() &&
		    draft->account.gid == getegid() && draft->account.gid == getgid() && gids_of_superd(&own) &&
		    own.count == draft->gids.count;

	for (int n = 0; same && own.list && n < own.count; n++)
		same = gids_has(&draft->gids, own.list[n]);
	free(own.list);
	return same;
}

static bool settle(struct accounts *accounts, const struct service *service, struct draft_account *draft)
{
	const struct identity_options *identity = service->groups->identity;

	if (!draft->user && !identity->group && !identity->supplementary_groups)
		return true;
	if (is_superds_own(draft))
		return true;
	draft->account.switches = capability_held(CAP_SETUID) && capability_held(CAP_SETGID);
	draft->account.keeps_groups = gids_must_be_kept();
	return draft->account.switches || settle_unprivileged(accounts, service, draft);
}

static const struct account *keep(struct accounts *accounts, const struct service *service, struct draft_account *draft)
{
	const struct account *kept = NULL;

	draft->account.group_count = (size_t)draft->gids.count;
	if (draft->gids.count)
		draft->account.groups = pool_keep(accounts->pool, draft->gids.list,
						  draft->account.group_count * sizeof(*draft->gids.list));
	if (draft->account.groups || !draft->gids.count)
		kept = pool_keep(accounts->pool, &draft->account, sizeof(draft->account));
	if (kept)
		ptr_map_put(&accounts->known, service->groups->identity, draft->user, kept);
	else
		out_of_memory(accounts, service);
	return kept;
}

static bool refuse_dynamic(struct accounts *accounts, const struct service *service)
{
	return accounts_refuse(accounts, service, "dynamic_user", "yes",
			       "superd does not run as root, so its services run as its own user and group only", NULL);
}

/* As the table has it, or by default; NULL: superd's own. */
static const char *name_user(const struct service *service, bool own)
{
	if (service->groups->identity->user)
		return service->groups->identity->user;
	return service->groups->identity->dynamic_user || own ? service->name : NULL;
}

const struct account *accounts_of(struct accounts *accounts, const struct service *service)
{
	bool own = has_own_user(accounts, service);
	const char *user = name_user(service, own);
	struct draft_account draft;
	const struct account *account = NULL;
	const void *known;

	if (ptr_map_get(&accounts->known, service->groups->identity, user, &known))
		return known;
	if (service->groups->identity->dynamic_user && !accounts->trusts &&
	    !(capability_held(CAP_SETUID) && capability_held(CAP_SETGID))) {
		refuse_dynamic(accounts, service);
		return NULL;
	}
	memset(&draft, 0, sizeof(draft));       /* the padding too: it is kept by its bytes */
	draft.user = user;
	draft.own = own;
	if (pick_user(accounts, service, &draft) && pick_group(accounts, service, &draft) &&
	    pick_groups(accounts, service, &draft) && settle(accounts, service, &draft))
		account = keep(accounts, service, &draft);
	free(draft.gids.list);
	return account;
}
