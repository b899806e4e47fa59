/* Finds out which means of a sandbox this machine and superd's rights allow. */
#pragma once

#include <stdbool.h>

#include "base/pool.h"
#include "config/service/service.h"

/* The means, as bits. */
enum sandbox_need {
	SANDBOX_NEEDS_MOUNTS = 1 << 0,          /* a mount namespace, and mount_setattr(2) */
	SANDBOX_NEEDS_NETWORK = 1 << 1,         /* a network namespace */
	SANDBOX_NEEDS_QUEUES = 1 << 2,          /* an IPC namespace */
	SANDBOX_NEEDS_NAME = 1 << 3,            /* a UTS namespace */
	SANDBOX_NEEDS_USERS = 1 << 4,           /* a user namespace */
	SANDBOX_NEEDS_FILTER = 1 << 5,          /* seccomp filters */
	SANDBOX_NEEDS_PROFILE = 1 << 6,         /* AppArmor */
	SANDBOX_NEEDS_CONTEXT = 1 << 7,         /* SELinux; never available */
	SANDBOX_NEEDS_ALL_USERS = 1 << 8,       /* mapping all users */
	SANDBOX_NEEDS_ENTRY = 1 << 9,           /* entering a network namespace */
	SANDBOX_NEEDS_PROC = 1 << 10,           /* mounting a new /proc */
};

/* The features that the machine allows, filled in by the first query. A zeroed struct is empty. */
struct sandbox_support {
	bool probed;                    /* the other fields are valid */
	bool privileged;                /* superd may create namespaces without a user namespace */
	unsigned lacking;               /* enum sandbox_need: means that are missing */
	const struct option_groups *plain_groups; /* option groups of the last service if it needed nothing, as most do */
};

/* The means that this machine lacks (enum sandbox_need). */
unsigned sandbox_support_missing(struct sandbox_support *support);
bool sandbox_support_privileged(struct sandbox_support *support);

/* Calls `say` for each configured option that needs a missing means. */
typedef void sandbox_support_say(void *context, const struct service *service, const char *option, const char *why);
void sandbox_support_compare(struct sandbox_support *support, const struct service *service, struct pool *scratch,
			     sandbox_support_say *say, void *context);
