/* The users that superd's helper programs run as: ids from 60578 to 61183, which systemd leaves unused between the
 * users of systemd-homed and the dynamic ones (its UIDS-GIDS), as does dynamic_user. No program shares its id with
 * another: each service of superd-builtin has one, and so have superd-advise, superd-rpc and superd-filter. Ids in
 * /etc/passwd or /etc/group are skipped; only these files are read, as a directory server may not answer yet. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define HELPER_USERS 606
#define OWN_USERS_FIRST 60578u

enum helper_user { HELPER_USER_ADVISE, HELPER_USER_RPC, HELPER_USER_FILTER };

struct account;
struct service;

/* The ids in use: marked by helper_users_look from the files, then by helper_user_for. taken[n]: OWN_USERS_FIRST +
 * n. */
struct helper_users {
	bool taken[HELPER_USERS];
};

/* Why superd cannot change to these users, as the end of a sentence; NULL: it can. */
const char *helper_users_refused(void);

/* Marks the ids that the files contain. */
void helper_users_look(struct helper_users *users);

/* The id of a service of superd-builtin: a hash of its name, or the next free one. Beyond 581 such services the rest
 * share the last id. */
uid_t helper_user_for(struct helper_users *users, const char *service);

uid_t helper_user_id(enum helper_user which);

/* The account of the process that relays for a service (superd/instance/relay): the service's, if that is not root's.
 * If it relays to a unix socket the service's in any case, as only that user may reach it. Otherwise `own`, filled with
 * the id that helper_user_for gives to this service. NULL: superd's own, as superd cannot change to another. */
const struct account *helper_user_of_relay(const struct service *service, struct account *own);

/* The account of a helper program; NULL: superd's own, as superd cannot change to another. Lives as long as superd.
 * Any thread may ask. */
const struct account *helper_user_account(enum helper_user which);
