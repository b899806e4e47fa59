/* What this machine lets superd do for a sandbox. */
#pragma once

#include <stdbool.h>

#include "base/pool.h"
#include "config/service/service.h"

enum sandbox_need {
	SANDBOX_NEEDS_MOUNTS = 1 << 0,
	SANDBOX_NEEDS_NETWORK = 1 << 1,
	SANDBOX_NEEDS_QUEUES = 1 << 2,
	SANDBOX_NEEDS_NAME = 1 << 3,
	SANDBOX_NEEDS_USERS = 1 << 4,
	SANDBOX_NEEDS_FILTER = 1 << 5,
	SANDBOX_NEEDS_PROFILE = 1 << 6,
	SANDBOX_NEEDS_CONTEXT = 1 << 7,
	SANDBOX_NEEDS_ALL_USERS = 1 << 8,
	SANDBOX_NEEDS_ENTRY = 1 << 9,
	SANDBOX_NEEDS_PROC = 1 << 10,
};

/* Filled in by the first question. A zeroed struct is empty. */
struct sandbox_support {
	bool looked;
	bool privileged;                /* namespaces can be made without one of users */
	unsigned lacking;               /* enum sandbox_need */
	const struct option_groups *modest; /* of the service compared last: they need nothing, as those of most services */
};

/* The abilities that this machine lacks (enum sandbox_need). */
unsigned sandbox_support_missing(struct sandbox_support *support);
bool sandbox_support_privileged(struct sandbox_support *support);

/* Calls say for each option that is set and needs what is lacking. */
typedef void sandbox_support_say(void *context, const struct service *service, const char *option, const char *why);
void sandbox_support_compare(struct sandbox_support *support, const struct service *service, struct pool *scratch,
			     sandbox_support_say *say, void *context);
