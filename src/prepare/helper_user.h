/* The users that superd's own programs run as: ids from 60578 to 61183, which systemd leaves unused between the users
 * of systemd-homed and the dynamic ones (its UIDS-GIDS), and dynamic_user too. No program shares its id with another:
 * each service that superd-builtin serves has one, superd-advise has one and superd-rpc. Ids that /etc/passwd or
 * /etc/group gives to somebody are passed over; these files alone are asked, as a directory server may not answer
 * yet. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define HELPER_USERS 606
#define OWN_USERS_FIRST 60578u

enum helper_user { HELPER_USER_ADVISE, HELPER_USER_RPC };

struct account;

/* The ids in use: set by helper_users_look from the files, then by helper_user_for. */
struct helper_users {
	bool taken[HELPER_USERS];
};

/* Why superd cannot change to these users, as the end of a sentence; NULL: it can. */
const char *helper_users_refused(void);

void helper_users_look(struct helper_users *users);

/* The id of a service for superd-builtin: it follows from the name, as far as it is free. Beyond 589 such services the
 * rest shares the last id. */
uid_t helper_user_for(struct helper_users *users, const char *service);

uid_t helper_user_id(enum helper_user which);

/* The account of one of the programs; NULL: superd's own, as it may not change to another. Kept for the life of superd;
 * for the loop alone. */
const struct account *helper_user_account(enum helper_user which);
