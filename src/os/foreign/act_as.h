/* Lets a forked process act with a user's rights for a while, to open only what the user could open. Not for superd,
 * nor for a child that shares its memory. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "config/service/service.h"

struct act_as {
	uid_t uid;
	gid_t gid;
	int group_count;
	const struct account *account;
	unsigned capabilities[2];       /* effective set before, two words of 32 bits */
};

/* account NULL: nothing is changed. false and errno: it can't be done, and the process must not go on. The real user stays
 * superd's, so that the user can send no signal. */
bool act_as_begin(struct act_as *before, const struct account *account);
bool act_as_end(const struct act_as *before);
