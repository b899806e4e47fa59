/* What this machine lets superd do for a confinement. */
#pragma once

#include <stdbool.h>

#include "base/pool.h"
#include "config/service/service.h"

enum need {
	NEED_MOUNTS = 1 << 0,
	NEED_NETWORK = 1 << 1,
	NEED_QUEUES = 1 << 2,
	NEED_NAME = 1 << 3,
	NEED_USERS = 1 << 4,
	NEED_FILTER = 1 << 5,
	NEED_PROFILE = 1 << 6,
	NEED_CONTEXT = 1 << 7,
	NEED_ALL_USERS = 1 << 8,
	NEED_ENTRY = 1 << 9,
	NEED_PROC = 1 << 10,
};

/* Filled in by the first question. A zeroed struct is empty. */
struct abilities {
	bool looked;
	bool privileged;                /* namespaces can be made without one of users */
	unsigned lacking;               /* enum need */
	const struct terms *modest;     /* of the service compared last: they need nothing, as those of most services */
};

/* The abilities that this machine lacks (enum need). */
unsigned abilities_lacking(struct abilities *abilities);
bool abilities_privileged(struct abilities *abilities);

/* Calls say for each option that is set and needs what is lacking. */
typedef void ability_say(void *context, const struct service *service, const char *option, const char *why);
void abilities_compare(struct abilities *abilities, const struct service *service, struct pool *scratch,
		       ability_say *say, void *context);
