/* Resolves names of users and groups by NSS (nsswitch.conf(5)): passwd(5), group(5), or other sources. Each name is
 * looked up once, however many services have it. Works without a passwd file. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "lib/diag.h"
#include "lib/pool.h"
#include "lib/ptr_map.h"
#include "superd/machine/helper_user.h"
#include "table/service/service.h"
#include "table/services/lookup_cache.h"

/* The result of looking up a user or a group, in the pool. */
struct found_name {
	const char *wrong;              /* NULL: it was found; else why not, as the end of a sentence */
	const char *near;               /* a similar name that exists; NULL: none */
	bool failed;                    /* the lookup of a group failed, so it may exist */
	gid_t gid;
	/* Of a user: */
	const char *name, *home, *shell;                /* without an entry `name` is the number, and the others are NULL */
	uid_t uid;
	bool listed;                    /* it has an entry in NSS */
};

/* The lookups of one table. accounts_open to accounts_close. */
struct accounts {
	struct pool *pool;
	struct diags *diags;
	struct ptr_map users, groups;   /* name -> struct found_name */
	struct ptr_map known;           /* struct identity_options, user -> struct account */
	struct ptr_map dynamic;         /* id as text -> name of the dynamic user that has it */
	struct lookup_cache *lookups;        /* set by the caller: answers to use, and to add to; NULL: none */
	bool is_only_checked;           /* set by the caller: accept users that superd cannot change to */
	struct helper_users *helper_users; /* ids of superd-builtin's services, in the pool; NULL before the first */
	bool helper_users_checked;      /* helper_users_wrong is valid */
	const char *helper_users_wrong; /* why superd cannot use its helper users; NULL: it can */
};

void accounts_open(struct accounts *accounts, struct pool *pool, struct diags *diags);
void accounts_close(struct accounts *accounts);

/* Looks up a name or a number; NULL: out of memory. */
const struct found_name *accounts_user(struct accounts *accounts, const char *text);
const struct found_name *accounts_group(struct accounts *accounts, const char *text);

/* The same of an option of a service; NULL: there is none, which is reported. */
const struct found_name *accounts_need(struct accounts *accounts, const struct service *service, const char *option,
				       const char *text, bool is_group);

/* Whether there is a group with this id, or that cannot be found out; its name, or NULL, is in *name, in the pool. */
bool accounts_has_group_id(struct accounts *accounts, gid_t gid, const char **name);

/* Why a name could not be resolved, and a similar one, as in struct found_name. */
struct lookup_failure {
	const char *wrong, *near;
};

/* Splits user.group, as old inetds write it, at the first dot with an existing user in front and an existing group
 * behind. false: there is none, and `failure`, that of *user, which has the whole name, becomes that of the group if the
 * part in front is a user. */
bool accounts_pair(struct accounts *accounts, const char *text, const struct found_name **user,
		   const struct found_name **group, struct lookup_failure *failure);

/* Adds the error "SERVICE: OPTION = TEXT: WRONG" at the option's origin, with a hint; always false. */
bool accounts_refuse(struct accounts *accounts, const struct service *service, const char *option, const char *text,
		     struct lookup_failure failure);

/* The user with this name, or else a dynamic one (superd/machine/dynamic_user.c, DynamicUser= of systemd.exec(5));
 * NULL: out of memory. */
const struct found_name *accounts_dynamic(struct accounts *accounts, const struct service *service, const char *name);

/* The account that a service runs with, in the pool; NULL after adding a diagnostic. */
const struct account *accounts_of(struct accounts *accounts, const struct service *service);
