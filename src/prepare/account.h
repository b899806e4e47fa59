/* From names of users and groups to numbers, by NSS: passwd(5), group(5), or other sources. Each
 * name is looked up once, however many services have it. Works without a passwd file. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/diag.h"
#include "base/pool.h"
#include "base/ptr_map.h"
#include "config/service/service.h"
#include "prepare/helper_user.h"

/* The result of looking up a user. Lives in the pool. */
struct found_user {
	const char *wrong;              /* NULL: it was found; else why not, as the end of a sentence */
	const char *near;               /* a known name like it, or NULL */
	const char *name, *home, *shell;                /* without an entry, name is the number */
	uid_t uid;
	gid_t gid;
	bool listed;                    /* has an entry */
};

struct found_group {
	const char *wrong, *near;
	gid_t gid;
	bool failed;                    /* the look-up failed: the group may exist */
};

struct accounts {
	struct pool *pool;
	struct diags *diags;
	struct ptr_map users, groups;   /* text -> what was found */
	struct ptr_map known;           /* struct identity_options, user -> struct account */
	struct ptr_map dynamic;         /* id as text -> the name it was given to */
	bool trusts;                    /* set by the caller: accept users that superd may not change to */
	struct helper_users *own;       /* those of superd-builtin's services; NULL before the first */
	bool own_asked;                 /* own_refused is valid */
	const char *own_refused;        /* why superd's own users cannot be used; NULL: they can */
};

void accounts_open(struct accounts *accounts, struct pool *pool, struct diags *diags);
void accounts_close(struct accounts *accounts);

/* Looks up a name or a number; NULL: out of memory. */
const struct found_user *accounts_user(struct accounts *accounts, const char *text);
const struct found_group *accounts_group(struct accounts *accounts, const char *text);

/* Takes user.group apart, as old inetds write it, at the first dot that has a user in front and a group behind. false:
 * there is none. */
bool accounts_pair(struct accounts *accounts, const char *text, const struct found_user **user,
		   const struct found_group **group);

/* Which part of what looks like user.group is wrong, where accounts_pair has found none: the group, if a user stands in
 * front. wrong and near are those of the whole name before, and stay where it has no dot or memory is out. */
void accounts_explain_pair(struct accounts *accounts, const char *text, const char **wrong, const char **near);

/* Adds "SERVICE: OPTION = TEXT: WRONG" at the option's place, with the hint; always false. */
bool accounts_refuse(struct accounts *accounts, const struct service *service, const char *option, const char *text,
		     const char *wrong, const char *near);

/* The user of this name, or one that is made up for it (prepare/dynamic_user.c); NULL: out of memory. */
const struct found_user *accounts_dynamic(struct accounts *accounts, const struct service *service, const char *name);

/* The account a service runs with, kept in the pool; NULL after adding to diags what is wrong. */
const struct account *accounts_of(struct accounts *accounts, const struct service *service);
