/* Lets a forked process act with a user's rights for a while, so that it opens only files that the user could open. For
 * a process forked by fork(2) only: not for superd itself, nor for a child that shares superd's memory (CLONE_VM).
 * Source: credentials(7), capabilities(7). */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "table/service/service.h"

/* The rights from before act_as_begin, which writes them, for act_as_end. */
struct act_as {
	uid_t uid;                      /* effective user */
	gid_t gid;                      /* effective group */
	int group_count;                /* number of supplementary groups */
	const struct account *account;  /* the user to act as, borrowed; NULL: nothing was changed */
	unsigned capabilities[2];       /* effective set, two words of 32 bits */
};

/* The account of the user who can lead a path elsewhere: `known` if it is his, as its groups are, else one without a
 * group: that of his folder proves nothing about him. known NULL: nobody's groups are known. It also serves for a user who
 * has no number in this user namespace, whom no process can become: what it reaches is no secret from its service. */
struct account act_as_whom(uid_t user, const struct account *known);

/* Takes on the account's user, groups and rights, and gives them back. account NULL: nothing changes. The real user
 * stays superd's, so that the user cannot signal the process. false and errno: the process must end. */
bool act_as_begin(struct act_as *before, const struct account *account);
bool act_as_end(const struct act_as *before);
