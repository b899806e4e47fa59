/* A process of its own that for a moment has the rights of a service's user, and of nobody else: to open what the user could
 * open. For a child that has forked, between starts and stages; not for superd, nor for one that shares its memory. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "config/option/service.h"

struct act_as {
	uid_t uid;
	gid_t gid;
	int group_count;
	const struct account *account;
	unsigned capabilities[2];       /* the effective ones */
};

/* account NULL: nothing is changed. false and errno: it can't be done, and the process must not go on. The real user stays
 * superd's, so that the user can send no signal. */
bool act_as_begin(struct act_as *before, const struct account *account);
bool act_as_end(const struct act_as *before);
